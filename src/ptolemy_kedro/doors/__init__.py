"""The commands: arguments in, the domain called, an answer out."""
