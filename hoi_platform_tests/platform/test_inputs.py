"""How a clip's stages read each other's files."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
from hoi_platform.core.formats.array_schema import save_arrays


@dataclass
class _Work:
    """Counts what is read of a folder with a scene's files."""

    folder: Path
    read: Counter[str] = field(default_factory=Counter)

    def input(self, _asset: str, key: str) -> Path:
        self.read[key] += 1
        return self.folder / key


@pytest.fixture
def work(tmp_path: Path) -> Any:
    picture = Image.new("RGB", (8, 4), (200, 100, 50))
    for folder in ("plate", "foundation_pose/masks", "foundation_pose/human_masks", "person"):
        (tmp_path / folder).mkdir(parents=True)
    picture.save(tmp_path / "frame", "PNG")
    picture.save(tmp_path / "plate" / "plate.png")
    save_arrays(tmp_path / "plate" / "depth.npz", depth=np.ones((4, 8), np.float32))
    for name in ("masks", "human_masks"):
        picture.convert("L").save(tmp_path / "foundation_pose" / name / "000000.png")
    np.save(tmp_path / "person" / "colors.npy", np.zeros((3, 3)))
    return _Work(tmp_path)


def test_each_file_is_read_once(work: Any) -> None:
    """A stage would decode a video or a mask as often as it is mentioned."""
    inputs = ClipInputs(work)
    names = ("frame", "plate", "first_object_mask", "first_human_mask", "body_colors")
    first = [getattr(inputs, name) for name in names]
    read = work.read.copy()
    assert all(getattr(inputs, name) is value for name, value in zip(names, first, strict=True))
    assert work.read == read
    assert read == {"frame": 1, "plate": 1, "foundation_pose": 2, "person": 1}
