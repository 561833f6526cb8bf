import numpy as np
import pandas as pd
import pytest
import torch
from tests.holes.fields import draw_field, image_row

from ptolemy_kedro.errors import ModelError, TableError
from ptolemy_kedro.holes.classifier import HoleClassifier
from ptolemy_kedro.holes.classifier_options import HoleClassifierOptions, PublishedHoleOptions
from ptolemy_kedro.holes.context import DESCRIPTORS, describe_holes
from ptolemy_kedro.holes.context_net import ContextNet
from ptolemy_kedro.holes.crop_table import hole_crop_table, hole_crops_of
from ptolemy_kedro.holes.crops import cut_hole_crops
from ptolemy_kedro.holes.examples import BySizeClass, known_holes
from ptolemy_kedro.holes.fit_classifier import (
    even_weights,
    fit_hole_classifier,
    network_share,
    platt,
)
from ptolemy_kedro.holes.published_classifiers import HoleNet, fit_average_pooling, fit_padding
from ptolemy_kedro.holes.sight import SIZE_PX, shipped_sight
from ptolemy_kedro.holes.table import holes_table
from ptolemy_kedro.holes.trees import fit_trees, joined_onnx
from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.runtime import OnnxModel
from ptolemy_kedro.stored_crops import MIDDLE, SIZE_CLASSES
from ptolemy_kedro.training.options import TrainOptions

TWO_EPOCHS = TrainOptions(epochs=2, batch_size=32)
OURS = HoleClassifierOptions(size_px=16, train=TrainOptions(epochs=6, batch_size=32))
PUBLISHED = PublishedHoleOptions(largest_px=24, train=TWO_EPOCHS)


@pytest.fixture(scope="module")
def sessions():
    """Holes of five sessions and two scales, those with thin ice selected, and their crops."""
    rows, crops = [], []
    for seed in range(5):
        for image_id, radius in (("a", 5), ("b", 8)):
            image, found, depth = draw_field((160, 200), radius, 4 * radius, seed=10 * seed + radius)
            described = describe_holes(image, found)
            table = holes_table(f"s{seed}", image_row(image_id), found, described, image.shape)
            rows.append(table.assign(label=np.where(depth < 0.5, "selected", "rejected")))
            crops.append(hole_crop_table(f"s{seed}", table["hole_id"], cut_hole_crops(image, found)))
    return pd.concat(rows, ignore_index=True), hole_crops_of(pd.concat(crops, ignore_index=True))


def test_the_published_network_has_the_published_number_of_parameters():
    assert sum(p.numel() for p in HoleNet().parameters()) == 446_721


def test_the_averaging_network_takes_crops_of_any_size():
    assert [HoleNet().eval()(torch.zeros(2, 1, side, side)).shape for side in (24, 48, 100)] == [(2,)] * 3


@pytest.mark.parametrize(
    "fit, options",
    [(fit_hole_classifier, OURS), (fit_average_pooling, PUBLISHED), (fit_padding, PUBLISHED)],
)
def test_a_classifier_learns_what_was_selected_and_scores_the_same_through_its_file(sessions, fit, options):
    holes, crops = sessions
    trained = fit(holes, crops, options)

    scores = HoleClassifier.of(trained).score(crops, {name: holes[name].to_numpy() for name in DESCRIPTORS})

    assert scores.shape == (len(holes),) and (scores >= 0).all() and (scores <= 1).all()
    assert roc_auc(scores, holes["label"] == "selected") > 0.9
    assert trained.sessions == ("s0", "s1", "s2", "s3", "s4")
    assert len(trained.curve) == options.train.epochs
    assert trained.config["class_prior"] == pytest.approx((holes["label"] == "selected").mean(), abs=0.1)


def test_with_frames_of_its_size_the_sight_is_part_of_what_is_trained(sessions):
    holes, crops = sessions
    seeing = HoleClassifierOptions(size_px=SIZE_PX, train=TWO_EPOCHS)

    trained = fit_hole_classifier(holes, crops, seeing)

    scores = HoleClassifier.of(trained).score(crops, {name: holes[name].to_numpy() for name in DESCRIPTORS})
    assert trained.config["sight"] == shipped_sight().digest
    assert roc_auc(scores, holes["label"] == "selected") > 0.9


def test_labels_that_contradict_the_holes_give_scores_near_the_base_rate(sessions):
    holes, crops = sessions
    tossed = np.random.default_rng(0).random(len(holes)) < 0.7
    labels = np.where(tossed, "selected", "rejected")

    trained = fit_hole_classifier(holes.assign(label=labels), crops, OURS)

    scores = HoleClassifier.of(trained).score(crops, {name: holes[name].to_numpy() for name in DESCRIPTORS})
    assert scores.mean() == pytest.approx(0.7, abs=0.1) and scores.std() < 0.2


def test_two_sessions_of_one_image_are_enough_to_fit(sessions):
    holes, crops = sessions
    first = np.flatnonzero(holes["session_id"].isin(["s0", "s1"]) & (holes["image_id"] == "a"))

    trained = fit_hole_classifier(holes.iloc[first], crops[first], OURS)

    numbers = {name: holes[name].to_numpy()[first] for name in DESCRIPTORS}
    scores = HoleClassifier.of(trained).score(crops[first], numbers)
    assert np.isfinite(scores).all() and len(scores) == len(first)


def test_a_fit_follows_from_its_options_and_data(sessions):
    holes, crops = sessions
    quick = HoleClassifierOptions(size_px=16, train=TWO_EPOCHS)

    assert fit_hole_classifier(holes, crops, quick).onnx == fit_hole_classifier(holes, crops, quick).onnx


def test_the_score_of_a_hole_counts_on_no_other(sessions):
    holes, crops = sessions
    judge = HoleClassifier.of(fit_average_pooling(holes, crops, PUBLISHED))
    some = np.array([5, 60, 200])

    assert judge.score(crops[some], {}) == pytest.approx(judge.score(crops, {})[some], abs=1e-4)


def test_unknown_holes_are_left_out(sessions):
    holes, _ = sessions
    labels = holes["label"].where(holes.index % 2 == 0, "unknown")

    known = known_holes(labels, holes["session_id"], 0.2, 0)

    assert not {*known.learn, *known.judge} & set(range(1, len(holes), 2))
    assert not set(holes["session_id"][known.learn]) & set(holes["session_id"][known.judge])


@pytest.mark.parametrize("label", ["selected", "rejected", "unknown"])
def test_one_class_is_refused_in_a_line(sessions, label):
    holes, crops = sessions

    with pytest.raises(TableError, match="A hole classifier needs"):
        fit_hole_classifier(holes.assign(label=label), crops, OURS)


def test_one_session_is_refused_in_a_line(sessions):
    holes, crops = sessions

    with pytest.raises(TableError, match="two sessions or more"):
        fit_average_pooling(holes.assign(session_id="only"), crops, PUBLISHED)


def test_no_hole_gets_no_score_and_is_refused_to_learn_from(sessions):
    holes, crops = sessions
    none = np.zeros(0, int)
    judge = HoleClassifier.of(fit_hole_classifier(holes, crops, OURS))

    assert judge.score(crops[none], {}).shape == (0,)
    with pytest.raises(TableError, match="0 of 0 holes"):
        fit_hole_classifier(holes.iloc[none], crops[none], OURS)


def test_a_model_of_another_kind_or_without_its_descriptors_is_refused(sessions):
    holes, crops = sessions
    trained = fit_hole_classifier(holes, crops, HoleClassifierOptions(size_px=16, train=TWO_EPOCHS))

    with pytest.raises(ModelError, match="a hole classifier is"):
        HoleClassifier(OnnxModel(trained.onnx), {"kind": "forest"})
    with pytest.raises(ModelError, match="needs the descriptor 'ice'"):
        HoleClassifier.of(trained).score(crops, {})


def test_batches_hold_one_size_class_each_and_every_crop_once():
    rng = np.random.default_rng(0)
    crops = [np.full((side, side), k, np.uint8) for k, side in enumerate(rng.choice([20, 24, 30, 48], 50))]
    examples = BySizeClass.of(crops, torch.arange(50.0), torch.arange(50))

    seen = []
    for batch, targets in examples.batches(torch.randperm(50), 8):
        side = batch.shape[-1]
        assert side in SIZE_CLASSES and len(batch) <= 8
        for frame, number in zip(batch[:, 0], targets.int().tolist(), strict=True):
            pad = (side - len(crops[number])) // 2
            assert frame[side // 2, side // 2] == number and (pad == 0 or (frame[:pad] == MIDDLE).all())
            seen.append(number)
    assert sorted(seen) == list(range(50))


def test_weights_make_the_sessions_shares_alike_and_the_larger_session_count_by_its_root():
    sessions = np.repeat(["a", "b"], [400, 1600])
    selected = np.r_[np.arange(400) < 320, np.arange(1600) < 480]

    weights = even_weights(selected, sessions)

    usual = selected.mean()
    for name, count in (("a", 400), ("b", 1600)):
        own = weights[sessions == name]
        share = own[selected[sessions == name]].sum() / own.sum()
        assert share == pytest.approx(usual, abs=0.02), count
    assert weights.mean() == pytest.approx(1)
    small, large = (weights[sessions == name].sum() for name in ("a", "b"))
    assert (weights > 0).all() and large / small == pytest.approx(2, rel=0.03)  # the root of 1600 / 400


def test_no_weight_is_out_of_proportion_where_a_session_took_nearly_all_or_is_tiny():
    sessions = np.repeat(["all", "two", "usual"], [300, 2, 300])
    selected = np.r_[np.arange(300) > 0, [True, False], np.arange(300) < 200]

    assert even_weights(selected, sessions).max() < 40 * even_weights(selected, sessions).min()


def test_calibration_undoes_a_scale_and_a_shift():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    outcome = rng.random(len(logits)) < 1 / (1 + np.exp(-logits))

    scale, shift = platt((logits - 1) * 3, outcome.astype(float))

    assert scale == pytest.approx(1 / 3, rel=0.1) and shift == pytest.approx(1, abs=0.1)


def test_the_joined_network_is_the_sum_of_network_and_trees():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(400, 5)).astype(np.float32)
    trees = fit_trees(numbers, numbers[:, 0] > rng.normal(size=400), np.ones(400), 20, 0)
    torch.manual_seed(0)
    network = ContextNet(HoleClassifierOptions(size_px=16, channels=4), torch.zeros(5), torch.ones(5)).eval()
    rows = np.concatenate([rng.uniform(0, 255, (400, 256)).astype(np.float32), numbers], axis=1)

    joined = OnnxModel(joined_onnx(network, trees, (1.5, 0.5), -0.2)).run(rows)

    with torch.no_grad():
        logits = 1.5 * network(torch.from_numpy(rows)).numpy() + 0.5 * trees.decision_function(numbers) - 0.2
    assert joined == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-4)


def test_of_network_and_trees_the_one_that_tells_more_has_the_larger_share():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, 4000)
    fate = (rng.random(4000) < 1 / (1 + np.exp(-truth))).astype(float)
    good, poor, even = truth, rng.normal(0, 2, 4000), np.ones(4000)

    assert network_share(good, poor, fate, even) > 0.9
    assert network_share(poor, good, fate, even) < 0.1
    assert network_share(good, good, fate, even) == pytest.approx(network_share(good, good, fate, 2 * even))
