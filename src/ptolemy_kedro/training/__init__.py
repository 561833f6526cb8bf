"""The one training loop, and the folder that a trained model is kept in."""
