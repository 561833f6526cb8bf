"""Images of squares and the operators' clicks in them to holes, and to models that locate and judge holes."""
