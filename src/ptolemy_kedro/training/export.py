"""Saving a trained network as ONNX."""

import tempfile
import warnings
from pathlib import Path

import torch


def to_onnx(network: torch.nn.Module, example: torch.Tensor, any_size: bool = False) -> bytes:
    """Trace a network with one input and one output; any number of examples can go in.

    The newer exporter is slower, and writes the paths of its machine into the file.

    Args:
        network: Left in eval mode.
        example: What goes in; shape (n, ...).
        any_size: Whether rows and cols, its last two axes, may differ from the example's, too.
    """
    free = {0: "n"} | ({2: "rows", 3: "cols"} if any_size else {})
    with tempfile.TemporaryDirectory() as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        place = Path(aside) / "network.onnx"
        torch.onnx.export(
            network.eval(),
            (example,),
            place,
            dynamo=False,
            input_names=["input"],
            output_names=["output"],
            dynamic_axes={"input": free, "output": {0: "n"}},
        )
        return place.read_bytes()
