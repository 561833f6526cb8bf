"""The graph of ``simulate``."""

from kedro.pipeline import Node, Pipeline

from ptolemy_kedro.pipelines.simulate import nodes


def create_pipeline() -> Pipeline:
    """Simulate sessions to learn from and a new one into archives, and apart from them the truth."""
    return Pipeline(
        [
            Node(nodes.simulate_sessions, "params:simulate", "simulated_sessions", name="simulate_sessions"),
            Node(
                nodes.simulate_new_session,
                "params:simulate",
                "simulated_new_session",
                name="simulate_new_session",
            ),
        ]
    )
