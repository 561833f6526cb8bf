"""Saving a trained network as ONNX."""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

OPSET = 18


def to_onnx(
    network: torch.nn.Module,
    examples: tuple[torch.Tensor, ...],
    any_size: bool = False,
    inputs: Sequence[str] = ("input",),
    outputs: Sequence[str] = ("output",),
) -> bytes:
    """Trace a network; any number of examples can go in.

    The newer exporter is slower, and writes the paths of its machine into the file.

    Args:
        network: Left in eval mode.
        examples: What goes in, a tensor an input; shape (n, ...) each.
        any_size: Whether rows and cols, its last two axes, may differ from the example's, too.
        inputs: Names of what goes in.
        outputs: Names of what comes out.
    """
    free = {0: "n"} | ({2: "rows", 3: "cols"} if any_size else {})
    axes = {name: free for name in inputs} | {name: {0: "n"} for name in outputs}
    with tempfile.TemporaryDirectory() as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        place = Path(aside) / "network.onnx"
        torch.onnx.export(
            network.eval(),
            examples,
            place,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
        )
        return place.read_bytes()
