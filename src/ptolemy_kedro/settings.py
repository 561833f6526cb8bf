"""Kedro's settings of this project; https://docs.kedro.org has every option."""

from ptolemy_kedro.hooks import (
    AccountHook,
    DemoHook,
    NewSessionHook,
    OneFlowHook,
    ParametersHook,
    TrackingHook,
)

HOOKS = (
    ParametersHook(),
    NewSessionHook(),
    DemoHook(),
    OneFlowHook(),
    AccountHook(),
    TrackingHook(),
)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft"},
}
"""An environment may override one field of a block; the rest of the block stays."""
