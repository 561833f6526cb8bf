"""Low magnification: find the squares of a grid, cut them out upright, describe them, rank them."""
