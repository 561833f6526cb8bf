"""The graph of ``ingest``."""

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.ingest.nodes import (
    RAW_TABLES,
    check_archives,
    choose_sessions,
    read_tables,
    split_sessions,
)


def create_pipeline() -> Pipeline:
    """Look at every archive, set the broken ones aside, read and split the others."""
    return Pipeline(
        [
            Node(
                check_archives,
                ["session_archives", "params:ingest", "params:parallel"],
                "archive_reports",
                name="check_archives",
            ),
            Node(
                choose_sessions,
                ["session_archives", "archive_reports", "params:ingest"],
                ["chosen_archives", "set_aside"],
                name="choose_sessions",
            ),
            Node(
                read_tables,
                ["chosen_archives", "params:ingest", "params:parallel"],
                list(RAW_TABLES),
                name="read_tables",
            ),
            Node(split_sessions, ["grids", "params:split"], "session_split", name="split_sessions"),
        ]
    )
