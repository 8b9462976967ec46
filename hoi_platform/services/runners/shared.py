"""Runners that stay warm: one per program and environment in a process, closed at its end."""

import atexit
from collections.abc import Mapping
from typing import Final

from hoi_platform.core.config.backends import RunnerConfig
from hoi_platform.services.runners.process import runner_environment
from hoi_platform.services.runners.run import Runner

_warm: Final[dict[tuple[str, str, frozenset[tuple[str, str]]], Runner]] = {}


def runner_of(name: str, config: RunnerConfig, environ: Mapping[str, str]) -> Runner:
    """The runner of a configuration; with ``serve`` the one that this process has already."""
    if not config.serve:
        return Runner(name, config, environ)
    seen = frozenset(runner_environment(config, environ).items())
    key = (name, config.model_dump_json(), seen)
    if key not in _warm:
        _warm[key] = Runner(name, config, dict(environ))
        atexit.register(_warm[key].close)
    return _warm[key]
