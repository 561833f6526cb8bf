"""Changes that leave a square as good as it was."""

import torch


def turn_and_flip(inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Give each square image one of the eight turns and mirrorings at random.

    Args:
        inputs: Shape (n, channels, size, size).
        generator: Source of chance.
    """
    turns, flips = (torch.randint(n, (len(inputs),), generator=generator) for n in (4, 2))
    changed = inputs.clone()
    for turn in range(4):
        for flip in range(2):
            chosen = (turns == turn) & (flips == flip)
            turned = torch.rot90(inputs[chosen], turn, (2, 3))
            changed[chosen] = turned.flip(3) if flip else turned
    return changed
