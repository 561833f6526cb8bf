"""Kedro datasets: tables, archives, models and figures, written whole or not at all."""

from ptolemy_kedro.datasets.champion import ChampionDataset
from ptolemy_kedro.datasets.chosen_archives import ChosenArchivesDataset
from ptolemy_kedro.datasets.document import CsvDataset, JsonDataset, TextDataset
from ptolemy_kedro.datasets.figure import FigureDataset
from ptolemy_kedro.datasets.models import ChallengerDataset, TrainedModelDataset
from ptolemy_kedro.datasets.new_session import NewSessionDataset
from ptolemy_kedro.datasets.promotion import ComparisonDataset, ContestDataset, PromotionDataset
from ptolemy_kedro.datasets.session_archives import SessionArchivesDataset
from ptolemy_kedro.datasets.session_files import SessionFileDataset, SessionPicturesDataset
from ptolemy_kedro.datasets.session_split import SessionSplitDataset
from ptolemy_kedro.datasets.session_table import SessionCropsDataset, SessionTableDataset
from ptolemy_kedro.datasets.simulated_sessions import SimulatedSessionsDataset

__all__ = [
    "ChallengerDataset",
    "ChampionDataset",
    "ChosenArchivesDataset",
    "ComparisonDataset",
    "ContestDataset",
    "CsvDataset",
    "FigureDataset",
    "JsonDataset",
    "NewSessionDataset",
    "PromotionDataset",
    "SessionArchivesDataset",
    "SessionCropsDataset",
    "SessionFileDataset",
    "SessionPicturesDataset",
    "SessionSplitDataset",
    "SessionTableDataset",
    "SimulatedSessionsDataset",
    "TextDataset",
    "TrainedModelDataset",
]
