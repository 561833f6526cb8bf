"""Tables, models and metrics to figures and one page."""
