"""Simulated sessions in the forms that other programs leave them in."""
