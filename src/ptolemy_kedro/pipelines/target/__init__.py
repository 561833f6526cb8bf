"""One new session and the models in use to ranked squares, judged holes and a plan."""
