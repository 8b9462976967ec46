"""Keeps the start-up chatter of native libraries out of the terminal."""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_CHATTER: Final = (
    "Created TensorFlow Lite XNNPACK delegate",
    "All log messages before absl::InitializeLog()",
    "inference_feedback_manager.cc",
    "landmark_projection_calculator.cc",
    "gl_context",
)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Drop the known lines that MediaPipe writes to file descriptor 2; all others are kept.

    They come from C++ threads, before any log level that Python could set.
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
            kept = [line for line in log if not any(known in line for known in _CHATTER)]
            sys.stderr.writelines(kept)
