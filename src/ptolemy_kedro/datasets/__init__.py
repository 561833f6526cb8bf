"""Kedro datasets: tables, archives, models and figures, written whole or not at all."""

from ptolemy_kedro.datasets.chosen_archives import ChosenArchivesDataset
from ptolemy_kedro.datasets.document import CsvDataset, JsonDataset, TextDataset
from ptolemy_kedro.datasets.figure import FigureDataset
from ptolemy_kedro.datasets.models import ChallengerDataset, TrainedModelDataset
from ptolemy_kedro.datasets.session_archives import SessionArchivesDataset
from ptolemy_kedro.datasets.session_split import SessionSplitDataset
from ptolemy_kedro.datasets.session_table import SessionCropsDataset, SessionTableDataset
from ptolemy_kedro.datasets.simulated_sessions import SimulatedSessionsDataset

__all__ = [
    "ChallengerDataset",
    "ChosenArchivesDataset",
    "CsvDataset",
    "FigureDataset",
    "JsonDataset",
    "SessionArchivesDataset",
    "SessionCropsDataset",
    "SessionSplitDataset",
    "SessionTableDataset",
    "SimulatedSessionsDataset",
    "TextDataset",
    "TrainedModelDataset",
]
