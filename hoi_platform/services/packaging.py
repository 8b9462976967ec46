"""A valid clip in the reference's layout."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.formats.hoi_npz import write_hoi_npz
from hoi_platform.core.formats.hoi_pickle import write_hoi_pickle
from hoi_platform.core.licensing import License, commercial_ok


def clip_terms(licenses: Iterable[License]) -> dict[str, Any]:
    """What a packaged clip says of its use, as plain data of its ``meta``."""
    items = list(licenses)
    terms = [item.model_dump() for item in items]
    return {"licenses": terms, "commercial_ok": commercial_ok(items)}


def package_clip(data: HoiData, mesh_obj: Path, hoi_dir: Path, mesh_dir: Path) -> None:
    """Write ``hoi_data.{npz,pkl}`` in the packaged frame and copy the mesh with its materials."""
    packaged = data.packaged()
    write_hoi_npz(packaged, hoi_dir / "hoi_data.npz")
    write_hoi_pickle(packaged, hoi_dir / "hoi_data.pkl")
    for file in sorted(mesh_obj.parent.iterdir()):
        shutil.copyfile(file, mesh_dir / file.name)
