"""Tiles and the operators' choices in them to squares, and to models that rank squares."""
