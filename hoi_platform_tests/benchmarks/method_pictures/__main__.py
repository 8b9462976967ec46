"""``python -m hoi_platform_tests.benchmarks.method_pictures RESULTS_FOLDER [NAME …]``.

Writes the pictures of ``docs/methods`` from the clip of ``hoi demo`` in a results folder; with
names, those alone.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from hoi_platform_tests.benchmarks.method_pictures.motion import (
    optimizer,
    performance,
    settling_drop,
)
from hoi_platform_tests.benchmarks.method_pictures.perception import (
    body_fitting,
    object_tracking,
    segmentation,
)
from hoi_platform_tests.benchmarks.method_pictures.shown_clip import ShownClip

_FOLDER: Final = Path(__file__).parents[3] / "docs" / "methods" / "images"
PICTURES: Final[dict[str, Callable[[ShownClip], Figure]]] = {
    "segmentation": segmentation,
    "object_tracking": object_tracking,
    "body_fitting": body_fitting,
    "optimizer": optimizer,
    "performance": performance,
    "settling": settling_drop,
}
"""File in ``docs/methods/images`` → what draws it."""
_DPI: Final = 100


def main(results: Path, names: list[str]) -> None:
    """Draw the named pictures, or all."""
    clip = ShownClip.of(results)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or PICTURES:
        path = _FOLDER / f"{name}.webp"
        PICTURES[name](clip).savefig(path, dpi=_DPI, pil_kwargs={"quality": 80, "method": 6})
        sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
