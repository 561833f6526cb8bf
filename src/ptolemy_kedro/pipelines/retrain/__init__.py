"""Challengers against champions, on sessions held out for good: promoted if better beyond chance."""
