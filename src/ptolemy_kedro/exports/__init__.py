"""What collection software reads: SerialEM's navigator, CSV, JSON."""
