import json

import numpy as np
import pytest
from tests.survey import scene
from tests.survey.conftest import found, newcomer, ranker, session, squares  # noqa: F401 -- fixtures

from ptolemy_kedro.archive.serialem.importer import SerialEM
from ptolemy_kedro.exports.survey import plan_as_navigator, survey_as_json
from ptolemy_kedro.survey.visits import plan_visits


@pytest.fixture(scope="module")
def plan(squares, found):  # noqa: F811
    return plan_visits(squares, found, "s1")


def test_the_plan_comes_back_from_its_navigator_on_its_images(session, plan, tmp_path):  # noqa: F811
    for file in (session / "images").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    images = scene.image_rows().assign(stage_z_um=np.nan)
    text = plan_as_navigator("plan.nav", images, plan, lambda file: f"X:\\data\\{file}", lambda _: True)
    (tmp_path / "plan.nav").write_text(text)

    (read,) = SerialEM().sessions(tmp_path)
    targets = read.load().tables["targets"].set_index("target_id")

    assert len(targets) == len(plan)
    for visit in plan.itertuples():
        target = targets.loc[str(visit.order)]
        assert (target["image_id"], target["kind"], target["decision"]) == (
            visit.image_id,
            visit.kind,
            "selected",
        )
        np.testing.assert_allclose(
            target[["row_px", "col_px"]].astype(float), (visit.row_px, visit.col_px), atol=1e-3
        )


def test_what_has_no_stage_position_is_left_out_of_the_navigator(plan):
    images = scene.image_rows(placed=False).assign(stage_z_um=np.nan)
    nowhere = plan.assign(stage_x_um=np.nan, stage_y_um=np.nan)

    text = plan_as_navigator("plan.nav", images, nowhere, str, lambda _: True)

    assert "[Item" not in text and text.startswith("AdocVersion")


def test_the_json_names_the_models_and_holds_each_thing_once(squares, found, plan):  # noqa: F811
    models = {"square-ranker": {"version": 3, "kind": "logreg", "origin": "simulated"}}

    told = survey_as_json("s1", "real", models, squares, found, plan, ("odd",))

    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["models"] == models and told["warnings"] == ["odd"]
    assert len(told["squares"]) == squares["physical_id"].nunique()
    assert len(told["holes"]) == found["physical_id"].nunique()
    assert [row["order"] for row in told["plan"]] == plan["order"].tolist()
    assert {"stage_x_um", "stage_y_um", "score", "rank"} <= set(told["holes"][0])
