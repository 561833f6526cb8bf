"""Classifiers that rank squares by their descriptors."""

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.squares.descriptors import DESCRIPTORS
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

PUBLISHED = ("mean", "maximum", "variance", "area_px")
"""What the published classifiers see: in the image's own units, so of use within one microscope only."""

OF_THE_DOSE = ("variation", "texture")
"""Follow the noise of the exposure; their ratio to the image's other squares says what the square is like."""

PORTABLE = tuple(name for name in DESCRIPTORS if name not in (*PUBLISHED, *OF_THE_DOSE, "edge_um"))
"""Descriptors that mean the same whatever the detector and the dose, and need no pixel size."""


@dataclass(frozen=True, config={"extra": "forbid"})
class LogregOptions:
    """Logistic regression on standardised descriptors.

    Attributes:
        inverse_penalty: The larger, the less the weights are held down.
        descriptors: Names of the columns it looks at.
    """

    inverse_penalty: float = Field(default=1.0, gt=0)
    descriptors: tuple[str, ...] = PORTABLE


def fit_logreg(squares: "pd.DataFrame", options: LogregOptions = LogregOptions()) -> TrainedModel:  # noqa: B008
    """Fit a logistic regression to the squares whose label is known.

    Args:
        squares: One row a square: ``session_id``, ``label`` and a column a descriptor.
        options: Of the fit.

    Raises:
        TableError: No square is selected, or none rejected.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = known_squares(squares)
    values = known[list(options.descriptors)].to_numpy(np.float32)
    selected = (known["label"] == "selected").to_numpy()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=options.inverse_penalty, max_iter=1000))
    pipeline.fit(values, selected)
    config = {
        "kind": "logreg",
        "descriptors": list(options.descriptors),
        "class_prior": float(selected.mean()),
        "weights": dict(zip(options.descriptors, pipeline[-1].coef_[0].tolist(), strict=True)),
    }
    return TrainedModel(
        _to_onnx(pipeline, len(options.descriptors)), config, tuple(sorted(set(known["session_id"])))
    )


def known_squares(squares: "pd.DataFrame") -> "pd.DataFrame":
    """Keep the squares that are selected or rejected; an unknown one says nothing.

    Raises:
        TableError: One of the two kinds has no square, so that nothing can be learnt.
    """
    known = squares[squares["label"].isin(["selected", "rejected"])]
    for label in ("selected", "rejected"):
        if not (known["label"] == label).any():
            raise TableError(
                f"Of {len(squares)} squares none is {label}. A ranker needs selected and rejected ones: "
                "ingest sessions in which an operator chose squares in a viewed image."
            )
    return known


def _to_onnx(pipeline: "Pipeline", width: int) -> bytes:
    """Save a fitted pipeline as ONNX: float32 (n, width) to the probability of selection (n, 1)."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    inputs = [("descriptors", FloatTensorType([None, width]))]
    network = to_onnx(pipeline, initial_types=inputs, options={"zipmap": False}, target_opset=18)
    return network.SerializeToString()
