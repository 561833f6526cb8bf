"""The models that the package ships: trained on simulated sessions alone, to start with."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from ptolemy_kedro.holes.classifier import HoleClassifier
from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.squares.ranker import SquareRanker
from ptolemy_kedro.training.model import read_model


def square_ranker() -> SquareRanker:
    """Open the shipped model that ranks squares."""
    return SquareRanker(*_opened("square-ranker"))


def hole_localiser() -> HoleLocaliser:
    """Open the shipped model that locates holes."""
    return HoleLocaliser(*_opened("hole-localiser"))


def hole_classifier() -> HoleClassifier:
    """Open the shipped model that judges holes."""
    return HoleClassifier(*_opened("hole-classifier"))


def folder(name: str) -> Path:
    """Give the folder of a shipped model, by its registered name."""
    return Path(str(files("ptolemy_kedro") / "weights" / name))


def _opened(name: str) -> tuple[OnnxModel, dict[str, Any], int]:
    onnx, config = read_model(folder(name))
    return OnnxModel(onnx), config, 1
