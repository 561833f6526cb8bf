"""Medium magnification: locate the holes of the foil, fit their lattice, cut them out upright, judge them."""
