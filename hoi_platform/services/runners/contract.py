"""What goes between the platform and a runner: one request file in, typed result files out.

A runner is called as ``<command> --request REQUEST.json``. It writes lines of JSON such as
``{"progress": 0.4, "text": "frame 48/121"}`` to its standard output, anything else to standard
error, ``result.npz`` and then ``result.json`` to the folder ``out`` (under a temporary name,
renamed when whole), and ends with 0. On failure it writes ``error.json`` there and ends with
another status. With ``--serve`` it reads one line ``{"request": PATH}`` after the other from its
standard input and answers each with a line ``{"done": true}``.
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Final = 1

FailureKind = Literal[
    "missing_weights", "missing_package", "bad_input", "out_of_memory", "no_detection"
]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunnerRequest(_Message):
    """One clip to work on. Lengths in meters, pixel centers at +0.5, rotations as matrices."""

    schema_version: Literal[1] = SCHEMA_VERSION
    role: str
    backend: str
    frames: str
    """``frames.npy``: (T, H, W, 3) uint8 RGB, made to be memory-mapped."""
    video: str | None = None
    """The MP4, for programs that need one."""
    fps: float
    K: list[list[float]]
    """3 x 3, pixels."""
    T_cam_world: list[list[float]]
    masks: str | None = None
    """npz with ``shape`` (3,) and ``object_bits``, ``human_bits``: packed (T or 1, H, W) bits."""
    tracks: str | None = None
    """npz of what earlier stages found; its arrays depend on the role (docs/runners.md)."""
    first_pose: list[list[float]] | None = None
    """T_cam_object of frame 0."""
    mesh: str | None = None
    """OBJ in its own units."""
    scale: list[float] | None = None
    """Mesh units to meters, per axis."""
    weights: dict[str, str] = {}
    options: dict[str, Any] = {}
    device: str = "auto"
    seed: int = 0
    out: str
    """The folder of the results."""


class RunnerReport(_Message):
    """``result.json``: what ran."""

    schema_version: Literal[1] = SCHEMA_VERSION
    versions: dict[str, str] = Field(min_length=1)
    """Name → version or commit of what ran."""
    weights_sha256: dict[str, str] = {}
    seconds: float = Field(ge=0)
    peak_gpu_memory_mb: float | None = None


class RunnerFailure(_Message):
    """``error.json``: why there is no result, and what to do."""

    kind: FailureKind
    message: str
    cure: str = ""
