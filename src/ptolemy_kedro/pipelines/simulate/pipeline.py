"""The graph of ``simulate``."""

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.simulate.nodes import simulate_sessions


def create_pipeline() -> Pipeline:
    """Simulate sessions into archives, and apart from them the truth."""
    return Pipeline(
        [Node(simulate_sessions, "params:simulate", "simulated_sessions", name="simulate_sessions")]
    )
