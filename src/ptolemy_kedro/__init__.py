"""Learn where to point a cryo-EM microscope, and point it."""

__version__ = "0.1.0"
