"""Session archives to validated raw tables."""
