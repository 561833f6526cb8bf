"""A registered model as MLflow serves it; MLflow copies this file beside the model and runs it there.

So it imports nothing of this project. Input: descriptors as a table with named columns, or an array
(crops of shape (n, 1, size, size) for a network that looks at pixels). Output: scores, shape (n,).
"""

import json
from pathlib import Path

import mlflow
import numpy as np
import onnxruntime
import pandas as pd
from mlflow.pyfunc import PythonModel


class ServedModel(PythonModel):
    """Runs the ONNX network of a model's folder."""

    def load_context(self, context):
        """Open the network and its configuration."""
        folder = Path(context.artifacts["files"])
        self.config = json.loads((folder / "config.json").read_text())
        self.network = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])

    def predict(self, context, model_input: pd.DataFrame, params=None):
        """Score each row or crop."""
        if hasattr(model_input, "columns"):
            model_input = model_input[self.config["descriptors"]].to_numpy()
        values = np.asarray(model_input, dtype=np.float32)
        output = self.network.run(None, {self.network.get_inputs()[0].name: values})[-1]
        return output.reshape(len(values), -1)[:, -1]


mlflow.models.set_model(ServedModel())
