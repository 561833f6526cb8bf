"""The published method's figures on real sessions, from its slides and paper, to stand beside ours."""

BASE_RATE = 0.268
"""Share of 41 thousand squares that an operator selected."""

RANKING = {
    "logistic regression": {"roc_auc": 0.539, "average_precision": 0.258},
    "random forest": {"roc_auc": 0.603, "average_precision": 0.344},
    "CNN": {"roc_auc": 0.608, "average_precision": 0.331},
}
"""Squares ranked, split by session: ROC AUC and average precision by method."""

RANKING_AT_RANDOM = {
    "logistic regression": {"roc_auc": 0.499, "average_precision": 0.259},
    "random forest": {"roc_auc": 0.867, "average_precision": 0.734},
    "CNN": {"roc_auc": 0.733, "average_precision": 0.489},
}
"""The same, squares split at random: what is more than above was known of the session, not of squares."""

HOLES_LOCATED = {
    "YOLOv3": {"precision": 0.395, "recall": 0.669, "f1": 0.459},
    "U-Net": {"precision": 0.703, "recall": 0.984, "f1": 0.815},
    "U-Net + lattice": {"precision": 0.549, "recall": 0.993, "f1": 0.702},
    "U-Net + lattice + threshold": {"precision": 0.802, "recall": 0.891, "f1": 0.837},
}
"""Holes located in unseen sessions, against the operators' clicks, mean over sessions (Table 3)."""

HOLES_BASE_RATE = 0.718
"""Share of 571 thousand holes that an operator targeted."""

HOLES_JUDGED = {
    "CNN, padded crops": {"accuracy": 0.748, "roc_auc": 0.742, "average_precision": 0.808},
    "CNN, average pooling": {"accuracy": 0.758, "roc_auc": 0.796, "average_precision": 0.878},
}
"""Holes classified (Table 4)."""
