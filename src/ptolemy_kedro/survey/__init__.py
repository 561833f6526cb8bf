"""A new session's images in; ranked squares, judged holes, where each lies, and where to go first, out."""
