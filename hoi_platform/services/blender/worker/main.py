"""The worker's entry point: ``python main.py -- REQUEST_FD ANSWER_FD LIFELINE_FD THREADS TESTS``.

Protocol: one JSON object per line. In: ``{"operation", "request"}``. Out: any number of
``{"event": {...}}``, then one of ``{"answer": {...}}`` and ``{"error": {kind, message, trace}}``.
"""

import os
import resource
import select
import shutil
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from hoi_platform.services.blender.worker.channel import Channel
from hoi_platform.services.blender.worker.operators import OperatorError


def die_with_parent(lifeline: int) -> None:
    """Exit when the parent's end of the lifeline closes or the parent is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            if select.select([lifeline], [], [], 1.0)[0]:
                break
        if scratch := os.environ.get("HOI_BLENDER_SCRATCH"):
            shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def resident_mb() -> float:
    """Memory that this process holds now, or at its peak where /proc is missing (MiB)."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def kind_of(error: BaseException) -> str:
    """The class of failure as the parent knows it: memory, operator or failure."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in text or "bad_alloc" in text:
        return "memory"
    return "operator" if isinstance(error, OperatorError) else "failure"


def serve(channel: Channel, threads: int, tests: bool) -> None:
    """Answer requests until the parent closes its end."""
    from hoi_platform.services.blender.worker.operations import operations

    table = operations(tests)
    channel.send({"answer": {"operations": sorted(table)}})
    while (message := channel.receive()) is not None:
        try:
            request: dict[str, Any] = message["request"] | {"threads": threads}
            answer = table[message["operation"]](request, channel)
            channel.send({"answer": answer, "rss_mb": resident_mb()})
        except Exception as error:  # noqa: BLE001 - it crosses the process border, whole
            trace = traceback.format_exc()
            text = f"{type(error).__name__}: {error}"
            channel.send({"error": {"kind": kind_of(error), "message": text, "trace": trace}})


def main() -> None:
    """Read the descriptors from the command line and serve."""
    requests, answers, lifeline, threads, tests = map(int, sys.argv[sys.argv.index("--") + 1 :])
    die_with_parent(lifeline)
    serve(Channel(requests, answers), threads, bool(tests))
    # Blender's own teardown can hang on broken drivers, and there is nothing left to save.
    os._exit(0)


main()
