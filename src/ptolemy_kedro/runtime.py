"""Running a network that was saved as ONNX; no training library is needed for it."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ptolemy_kedro.errors import ModelError


class OnnxModel:
    """A network with one input and one output, ready to run on the processor."""

    def __init__(self, source: Path | bytes, threads: int = 2):
        """Open a network.

        Args:
            source: File, or its content.
            threads: How many a single call may use.

        Raises:
            ModelError: It is no ONNX network.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Its threads would wait for the next call in a loop, on the cores that the rest of the work needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        content = source.read_bytes() if isinstance(source, Path) else source
        where = str(source) if isinstance(source, Path) else "The network"
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as failure:  # noqa: BLE001 -- onnxruntime's errors share no base but Exception
            raise ModelError(f"{where} is no ONNX network that can be run: {_first_line(failure)}") from None

    @property
    def input_shape(self) -> tuple[int | str | None, ...]:
        """The input's shape; a name or None where any size goes."""
        return tuple(self._session.get_inputs()[0].shape)

    def run(self, values: NDArray[np.float32], batch: int = 256) -> NDArray[np.float32]:
        """Run the network on examples along the first axis, a batch at a time.

        Args:
            values: Input, shape (n, ...); n may be 0.
            batch: Examples in memory at once.

        Returns:
            Output, float32, shape (n, ...); (0,) where n is 0.
        """
        name = self._session.get_inputs()[0].name
        values = np.ascontiguousarray(values, dtype=np.float32)
        parts = [values[start : start + batch] for start in range(0, len(values), batch)]
        outputs = [self._session.run(self._outputs(), {name: part})[0] for part in parts]
        return np.concatenate(outputs) if outputs else np.zeros(0, np.float32)

    def _outputs(self) -> list[str]:
        return [self._session.get_outputs()[-1].name]


def _first_line(failure: Exception) -> str:
    return str(failure).strip().splitlines()[0] if str(failure).strip() else type(failure).__name__
