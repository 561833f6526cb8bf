"""Kedro datasets: tables, archives and models by session, written whole or not at all."""

from ptolemy_kedro.datasets.chosen_archives import ChosenArchivesDataset
from ptolemy_kedro.datasets.session_archives import SessionArchivesDataset
from ptolemy_kedro.datasets.session_table import SessionTableDataset

__all__ = ["ChosenArchivesDataset", "SessionArchivesDataset", "SessionTableDataset"]
