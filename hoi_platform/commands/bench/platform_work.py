"""Work of ``hoi bench platform`` in a process of its own: ``python -m … WHAT FOLDER``.

Prints a JSON object of figures; made-up results are written before anything is measured.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.platform import Platform

STEPS: Final = 20
"""Steps whose look-ups are averaged; chosen."""


def _platform(folder: Path) -> Platform:
    return PlatformResource(results_dir=str(folder), profile="demo").platform()


def _make_up(folder: Path, objects: str, clips: str) -> dict[str, Any]:
    from hoi_platform.assets.stage import STAGES
    from hoi_platform.services.scale.made_up import MadeUp, make_up

    return {"written": make_up(_platform(folder), STAGES, MadeUp(int(objects), int(clips)))}


def _index(folder: Path) -> dict[str, Any]:
    from hoi_platform.assets.stage import flow_order
    from hoi_platform.services.index import write_index

    return {"clips": write_index(_platform(folder), flow_order()).facts["clips"]}


def _tick(folder: Path) -> dict[str, Any]:
    """What a sensor asks before it requests runs, in a process that has been ticking."""
    from hoi_platform.assets.stage import STAGES
    from hoi_platform.services.cells import cells

    started = time.process_time()
    found = sum(bool(cell.missing) for cell in cells(_platform(folder), STAGES))
    return {"missing": found, "cpu_s": round(time.process_time() - started, 2)}


def _overhead(folder: Path) -> dict[str, Any]:
    """What a step looks up before its body runs: the object, its settings, all stages above."""
    from hoi_platform.assets.stage import STAGES, subject_of
    from hoi_platform.core.formats.artifacts import upstream_subject

    key = next(iter(_platform(folder).catalogue.known_keys().values()))

    def step() -> None:
        platform = _platform(folder)
        clip = subject_of(platform, f"{key}|rand00001")
        stages = platform.stages(STAGES)
        for name in STAGES["reconstruction"].upstream:
            stages.status(name, upstream_subject(name, clip) or clip, verify=False)

    step()
    started = time.process_time()
    for _ in range(STEPS):
        step()
    return {"ms": round((time.process_time() - started) / STEPS * 1e3, 2)}


_WORK: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "make_up": _make_up,
    "index": _index,
    "tick": _tick,
    "overhead": _overhead,
}


if __name__ == "__main__":
    os.environ.pop("HOI_RESULTS_DIR", None)
    what, place, *more = sys.argv[1:]
    sys.stdout.write(json.dumps(_WORK[what](Path(place), *more)) + "\n")
