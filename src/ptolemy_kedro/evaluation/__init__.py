"""Splits, comparison of models, promotion."""
