"""Changes of brightness, contrast and sharpness that leave a hole a hole."""

import torch
from torch.nn import functional

INVERTED = 0.03
"""Share of patches that are shown inverted."""


def vary(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Change a batch's brightness, contrast, gradient, sharpness and noise at random, and invert a few.

    Args:
        pixels: Bytes, shape (n, 1, size, size).
        generator: Source of chance.

    Returns:
        Grey levels 0 to 255, shape (n, 1, size, size).
    """

    def drawn(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(len(pixels), 1, 1, 1, generator=generator)

    values = pixels.float() / 255
    values = torch.where(drawn(0, 1) < INVERTED, 1 - values, values)
    values = values.clamp_min(1e-3) ** torch.exp(drawn(-0.7, 0.7))
    values = torch.where(drawn(0, 1) < 0.25, functional.avg_pool2d(values, 3, 1, 1), values)
    values = 0.5 + (values - 0.5) * drawn(0.4, 1.2) + drawn(-0.15, 0.15)
    values = values * (1 + drawn(-0.3, 0.3) * _slope(len(pixels), values.shape[-1], generator))
    noise = torch.randn(values.shape, generator=generator)
    coarse = torch.randn(len(pixels), 1, *(size // 4 for size in values.shape[-2:]), generator=generator)
    values = values + noise * drawn(0, 0.08) * (drawn(0, 1) < 0.5)
    values = values + functional.interpolate(coarse, values.shape[-2:], mode="bilinear") * drawn(0, 0.03)
    return (255 * values).clamp(0, 255)


def _slope(count: int, size: int, generator: torch.Generator) -> torch.Tensor:
    """Give planes through zero, -1 to 1 across, in directions of chance; shape (count, 1, size, size)."""
    angle = 2 * torch.pi * torch.rand(count, 1, 1, 1, generator=generator)
    at = torch.linspace(-1, 1, size)
    return torch.cos(angle) * at.view(1, 1, -1, 1) + torch.sin(angle) * at.view(1, 1, 1, -1)
