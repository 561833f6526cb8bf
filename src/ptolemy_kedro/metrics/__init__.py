"""Measures of a model against what operators decided, each with an interval over sessions."""
