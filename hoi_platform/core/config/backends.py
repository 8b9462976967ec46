"""How a backend that needs more than its name is configured: weights, device, runner."""

from pydantic import Field

from hoi_platform.core.config.base import Config


class RunnerConfig(Config):
    """An external program that speaks the runner contract (docs/runners.md)."""

    command: list[str] = Field(min_length=1)
    """The program and its first arguments; called with ``--request REQUEST.json`` after them."""
    env: dict[str, str] = {}
    """Variables that are set for it, besides the few that every runner gets."""
    pass_env: list[str] = []
    """Names of variables that are passed on from the platform's own environment."""
    idle_timeout_s: float = Field(600.0, gt=0)
    """Time without a line of progress after which it counts as hanging (s)."""
    memory_limit_mb: float | None = Field(None, gt=0)
    """Largest resident memory of the program and its children (10^6 bytes); null for no limit."""
    serve: bool = False
    """Keep the program and its weights for further requests, which it reads from its input."""


class ModelConfig(Config):
    """Where a backend's model is and how it runs; each backend says which of these it reads."""

    path: str | None = None
    """Folder or file of the weights on this machine; its content is part of the fingerprint."""
    hub_id: str | None = None
    """Name on the model hub, for the error that says what to download; nothing is downloaded."""
    device: str = "auto"
    """``cpu``, ``cuda``, ``cuda:1`` …; ``auto`` is CUDA where there is one."""
    weights: dict[str, str] = {}
    """Further weight files, by the name under which a runner's request lists them."""
    license: str | None = None
    """License of code and weights, as the records are to state it; null: the backend's own."""
    commercial_ok: bool | None = None
    """Whether commercial use of what the model makes is permitted; null: by its license."""
    options: dict[str, str | int | float | bool] = {}
    """Settings of the backend itself, in its own units; it refuses those that it does not know."""
    runner: RunnerConfig | None = None
    """Set for backends that run as an external program."""
