"""Classifiers that rank squares by their descriptors: a logistic regression and a random forest."""

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.squares.condition import CONDITIONS
from ptolemy_kedro.squares.descriptors import DESCRIPTORS
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import ClassifierMixin

PUBLISHED = ("crop_mean", "crop_maximum", "crop_variance", "area_px")
"""What the published classifiers see: statistics of crops normalised by the image's squares."""

OF_THE_DETECTOR = ("mean", "maximum", "variance")
"""In the image's own units: of use within one microscope only."""

OF_THE_DOSE = ("variation", "texture")
"""Follow the noise of the exposure; their ratio to the image's other squares says what the square is like."""

PORTABLE = tuple(
    name for name in DESCRIPTORS if name not in (*PUBLISHED, *OF_THE_DETECTOR, *OF_THE_DOSE, "edge_um")
)
"""Descriptors that mean the same whatever the detector and the dose, and need no pixel size."""


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = set(names) - {*DESCRIPTORS, *CONDITIONS, *PUBLISHED}
    if unknown or not names:
        raise ValueError(f"descriptors of a square are needed, not {sorted(unknown)}")
    return names


Descriptors = Annotated[tuple[str, ...], AfterValidator(_known)]
"""Names of descriptors of squares, one at least."""


@dataclass(frozen=True, config={"extra": "forbid"})
class LogregOptions:
    """Logistic regression on standardised descriptors.

    Attributes:
        inverse_penalty: The larger, the less the weights are held down.
        descriptors: Names of the columns it looks at.
    """

    inverse_penalty: float = Field(default=1.0, gt=0)
    descriptors: Descriptors = PUBLISHED


@dataclass(frozen=True, config={"extra": "forbid"})
class ForestOptions:
    """A random forest on descriptors. What it takes on disk is bounded by trees times leaves.

    Attributes:
        trees: How many.
        most_leaves: A tree has at most so many.
        fewest_squares: A leaf holds at least so many squares.
        seed: Of the squares and descriptors that each tree sees.
        descriptors: Names of the columns it looks at.
    """

    trees: int = Field(default=100, ge=1, le=1000)
    most_leaves: int = Field(default=48, ge=2, le=1024)
    fewest_squares: int = Field(default=15, ge=1)
    seed: int = Field(default=0, ge=0)
    descriptors: Descriptors = PUBLISHED


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

    regression = LogisticRegression(C=options.inverse_penalty, max_iter=1000)
    fitted, trained = _fit(
        make_pipeline(StandardScaler(), regression), "logreg", squares, options.descriptors
    )
    trained.config["weights"] = dict(zip(options.descriptors, fitted[-1].coef_[0].tolist(), strict=True))
    return trained


def fit_forest(squares: "pd.DataFrame", options: ForestOptions = ForestOptions()) -> TrainedModel:  # noqa: B008
    """Fit a random forest to the squares whose label is known.

    Args:
        squares: One row a square: ``session_id``, ``label`` and a column a descriptor.
        options: Of the fit.

    Raises:
        TableError: No square is selected, or none rejected.
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(
        options.trees,
        max_leaf_nodes=options.most_leaves,
        min_samples_leaf=options.fewest_squares,
        random_state=options.seed,
        n_jobs=-1,
    )
    fitted, trained = _fit(forest, "forest", squares, options.descriptors)
    trained.config["importance"] = dict(
        zip(options.descriptors, fitted.feature_importances_.tolist(), strict=True)
    )
    return trained


def _fit(
    classifier: Any, kind: str, squares: "pd.DataFrame", descriptors: tuple[str, ...]
) -> tuple[Any, TrainedModel]:
    known = known_squares(squares)
    selected = (known["label"] == "selected").to_numpy()
    fitted = classifier.fit(known[list(descriptors)].to_numpy(np.float32), selected)
    config = {"kind": kind, "descriptors": list(descriptors), "class_prior": float(selected.mean())}
    sessions = tuple(sorted(set(known["session_id"])))
    return fitted, TrainedModel(_to_onnx(fitted, len(descriptors)), config, sessions)


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


def _to_onnx(fitted: "ClassifierMixin", width: int) -> bytes:
    """Save a fitted classifier as ONNX: float32 (n, width) to the probability of selection (n, 1)."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    inputs = [("descriptors", FloatTensorType([None, width]))]
    network = to_onnx(fitted, initial_types=inputs, options={"zipmap": False}, target_opset=18)
    return network.SerializeToString()
