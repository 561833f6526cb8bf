"""Kedro's settings of this project; https://docs.kedro.org has every option."""

from ptolemy_kedro.hooks import DemoHook, HomeHook, TrackingHook

HOOKS = (HomeHook(), DemoHook(), TrackingHook())
