"""Boosted trees on the descriptors of holes, and one ONNX network of them and a network of pixels."""

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import compose, helper, numpy_helper

from ptolemy_kedro.holes.context_net import Beside, ContextNet
from ptolemy_kedro.holes.sight import HoleSight
from ptolemy_kedro.training.export import to_onnx

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

LEAVES, FEWEST, RATE, PULL = 8, 60, 0.04, 10.0
"""Leaves a tree, fewest holes a leaf, share of a tree that counts, and pull of its leaves to 0."""

TREES_DOMAIN = "ai.onnx.ml"


def fit_trees(
    numbers: NDArray[np.float32],
    selected: NDArray[np.bool_],
    weights: NDArray[np.float64],
    trees: int,
    seed: int,
) -> "HistGradientBoostingClassifier":
    """Fit trees to descriptors (n, d) of holes that were selected or not, each by its weight, shape (n,)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    boosted = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=FEWEST,
        l2_regularization=PULL, max_features=0.5, early_stopping=False, random_state=seed,
    )  # fmt: skip
    return boosted.fit(numbers, selected, sample_weight=weights)


def joined_onnx(
    network: ContextNet,
    trees: "HistGradientBoostingClassifier",
    scales: tuple[float, float],
    shift: float,
    sight: HoleSight | None = None,
) -> bytes:
    """Save network and trees as one ONNX network: rows of pixels and descriptors to probabilities (n,).

    Args:
        network: Of logits.
        trees: Of log-odds.
        scales: Of the network's logits, and of the trees'; their sum is the answer's logit.
        shift: Added to it.
        sight: What adds ``sight.SEEN`` to the rows that both take; with none they take the rows as given.
    """
    example = torch.zeros(2, network.size_px**2 + len(network.mean))
    model = onnx.load_from_string(to_onnx(Beside(network), (example,), outputs=("logits", "descriptors")))
    constants = {"of_network": scales[0], "of_trees": scales[1], "shift": shift}
    model.graph.initializer.extend(
        numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array([-1], np.int64), "flat"))
    model.graph.node.extend(
        [
            helper.make_node(
                "TreeEnsembleRegressor", ["descriptors"], ["odds"], domain=TREES_DOMAIN, **tree_fields(trees)
            ),
            helper.make_node("Reshape", ["odds", "flat"], ["flat_odds"]),
            helper.make_node("Mul", ["logits", "of_network"], ["said_by_network"]),
            helper.make_node("Mul", ["flat_odds", "of_trees"], ["said_by_trees"]),
            helper.make_node("Sum", ["said_by_network", "said_by_trees", "shift"], ["shifted"]),
            helper.make_node("Sigmoid", ["shifted"], ["output"]),
        ]
    )
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("output", onnx.TensorProto.FLOAT, ["n"]))
    model.opset_import.append(helper.make_opsetid(TREES_DOMAIN, 3))
    if sight is not None:
        model = _after_sight(onnx.load_from_string(sight.onnx), model)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _after_sight(sight: onnx.ModelProto, judge: onnx.ModelProto) -> onnx.ModelProto:
    """Let what judges rows take what sight adds to them, too."""
    sight = compose.add_prefix(sight, "sight_", rename_inputs=False)
    judge = compose.add_prefix(judge, "judge_", rename_outputs=False)
    rows, seen = sight.graph.input[0].name, sight.graph.output[0].name
    sight.graph.node.append(helper.make_node("Concat", [rows, seen], ["wider"], axis=1))
    del sight.graph.output[:]
    sight.graph.output.append(helper.make_tensor_value_info("wider", onnx.TensorProto.FLOAT, ["n", None]))
    return compose.merge_models(sight, judge, io_map=[("wider", judge.graph.input[0].name)])


def tree_fields(trees: "HistGradientBoostingClassifier") -> dict[str, Any]:
    """Write fitted trees as the attributes of ONNX's TreeEnsembleRegressor, which sums their log-odds."""
    parts = [predictors[0].nodes for predictors in trees._predictors]
    tree = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    place = np.concatenate([np.arange(len(part)) for part in parts])
    nodes = np.concatenate(parts)
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "n_targets": 1,
        "base_values": [float(np.ravel(trees._baseline_prediction)[0])],
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": place.tolist(),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_values": _not_above(np.where(leaf, 0.0, nodes["num_threshold"])).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, nodes["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, nodes["right"]).tolist(),
        "target_treeids": tree[leaf].tolist(),
        "target_nodeids": place[leaf].tolist(),
        "target_ids": [0] * int(leaf.sum()),
        "target_weights": nodes["value"][leaf].astype(np.float32).tolist(),
    }


def _not_above(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round down to float32, so that a float32 number falls on the same side."""
    rounded = thresholds.astype(np.float32)
    return np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)
