"""The registered models: versions with the aliases ``challenger`` and ``champion``, in MLflow.

A version is a model's folder (training/model.py), logged as a pyfunc that holds no pickle. Training
registers challengers; a promotion alone moves the champion and exports it for the commands. Every promotion
stays written down, so that it can be taken back.
"""

from ptolemy_kedro.registry.contests import contest, settle
from ptolemy_kedro.registry.keeping import contender, register
from ptolemy_kedro.registry.looks import earlier_looks, record_look
from ptolemy_kedro.registry.promoting import SHIPPED, history, init, note_verdict, promote, rollback
from ptolemy_kedro.registry.versions import Registered, champion_version, list_models

__all__ = [
    "SHIPPED",
    "Registered",
    "champion_version",
    "contender",
    "contest",
    "earlier_looks",
    "history",
    "init",
    "list_models",
    "note_verdict",
    "promote",
    "record_look",
    "register",
    "rollback",
    "settle",
]
