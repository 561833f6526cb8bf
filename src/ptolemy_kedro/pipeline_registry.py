"""The flows by name. By hand, for Kedro's ``find_pipelines`` breaks composite flows."""

from kedro.pipeline import Pipeline

from ptolemy_kedro.pipelines.ingest.pipeline import create_pipeline as ingest
from ptolemy_kedro.pipelines.low2med.pipeline import create_pipeline as low2med
from ptolemy_kedro.pipelines.med2high.pipeline import create_pipeline as med2high
from ptolemy_kedro.pipelines.report.pipeline import create_pipeline as report
from ptolemy_kedro.pipelines.retrain.pipeline import create_pipeline as retrain
from ptolemy_kedro.pipelines.simulate.pipeline import create_pipeline as simulate
from ptolemy_kedro.pipelines.target.pipeline import after_training
from ptolemy_kedro.pipelines.target.pipeline import create_pipeline as target

TRAINED = ("square_challenger", "localiser_challenger", "hole_challenger")
"""What training hands to ``target`` where both are in one run, so that the order stands in the graph."""


def register_pipelines() -> dict[str, Pipeline]:
    """Name the flows; ``__default__`` is the whole story from archives to the report.

    A flow that works on sessions first takes in what has come or gone; what is current costs nothing.
    """
    return {
        "__default__": ingest() + low2med() + med2high() + report() + after_training(TRAINED),
        "simulate": simulate(),
        "ingest": ingest(),
        "low2med": ingest() + low2med(),
        "med2high": ingest() + med2high(),
        "retrain": ingest() + low2med() + med2high() + retrain(),
        "target": target(),
        "report": report(),
    }
