"""Parameters to session archives with a known truth."""
