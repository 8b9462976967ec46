"""Keeps the start-up chatter of native libraries out of the terminal."""

import io
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Final

MEDIAPIPE: Final = (
    "Created TensorFlow Lite XNNPACK delegate",
    "All log messages before absl::InitializeLog()",
    "inference_feedback_manager.cc",
    "landmark_projection_calculator.cc",
    "gl_context",
)
WARP_WITHOUT_A_GPU: Final = ("Warp CUDA warning: Could not find or load the NVIDIA CUDA driver",)
"""Where there is a GPU this is not chatter: its driver is broken."""


@contextmanager
def without_chatter(chatter: Sequence[str]) -> Iterator[None]:
    """Drop the lines of file descriptor 2 that contain one of these texts; all others are kept.

    They come from C++, before or beside any log level that Python could set.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        os.dup2(log.fileno(), 2)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="SymbolDatabase.GetPrototype")
                yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            log.seek(0)
            kept = [line for line in log if not any(known in line for known in chatter)]
            sys.stderr.writelines(kept)


@contextmanager
def without_printed(chatter: Sequence[str]) -> Iterator[None]:
    """The same for what Python code prints to standard output."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            yield
    finally:
        lines = printed.getvalue().splitlines(keepends=True)
        sys.stdout.writelines(line for line in lines if not any(known in line for known in chatter))


def has_nvidia_gpu() -> bool:
    """Whether the kernel shows a device of NVIDIA's, usable or not."""
    return any(Path("/dev").glob("nvidia[0-9]*"))
