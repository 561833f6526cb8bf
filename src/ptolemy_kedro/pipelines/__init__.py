"""The flows: each a graph (pipeline.py) and its thin nodes (nodes.py). Flows do not import each other."""
