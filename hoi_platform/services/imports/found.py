"""The clips of a results folder of the reference, by the files that it has of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import BadInputError

_RAW: Final = "4dhoi_recon_smplx"
_VALID: Final = "4dhoi_recon_smplx_valid"
_VISUALS: Final = ("recon_comparison.mp4", "recon_result.mp4", "recon_result_top_view.mp4")


@dataclass(frozen=True)
class ForeignClip:
    """Files of one clip of the reference."""

    path: str
    """Its id, ``<dataset>/<category>/<character>_<scene>_rand00001``."""
    hoi_data: Path
    mesh: Path | None
    """``model.obj`` in meters beside a valid result, else the object's OBJ in its own units."""
    mesh_in_meters: bool
    video: Path | None
    picture: Path | None
    """The conditioning frame."""
    visuals: tuple[Path, ...]
    accepted: bool | None
    """What the reference's own filter said; None: it did not run."""

    def files(self) -> list[Path]:
        """Everything that is read of it."""
        more = [self.mesh, self.video, self.picture, *self.visuals]
        return [self.hoi_data, *(path for path in more if path)]


def foreign_clips(folder: Path) -> list[ForeignClip]:
    """Sorted by id. Raises BadInputError where the folder has no reconstructed clip."""
    generation = folder / "generation"
    found = sorted(set(_ids(generation / _RAW, "hoi_data.pkl")) | set(_ids_valid(generation)))
    if not found:
        raise BadInputError(
            f"{folder} has no clip of the reference: no "
            f"generation/{_RAW}/<id>/hoi_data.pkl and no generation/{_VALID}/<id>/hoi_data/"
            "hoi_data.pkl; name the folder that its configuration calls results_dir"
        )
    return [_clip(generation, clip) for clip in found]


def _ids(top: Path, name: str) -> Iterator[str]:
    for file in top.glob(f"*/*/*/{name}"):
        yield file.relative_to(top).as_posix().removesuffix(f"/{name}")


def _ids_valid(generation: Path) -> Iterator[str]:
    return _ids(generation / _VALID, "hoi_data/hoi_data.pkl")


def _clip(generation: Path, clip: str) -> ForeignClip:
    raw, valid = generation / _RAW / clip, generation / _VALID / clip
    packaged = valid / "hoi_data" / "hoi_data.pkl"
    accepted = packaged.is_file()
    mesh = valid / "mesh_data" / "model.obj"
    others = sorted((generation / "mesh" / clip).parent.glob("*.obj"))
    results = valid / "result_vis"
    return ForeignClip(
        path=clip,
        hoi_data=packaged if accepted else raw / "hoi_data.pkl",
        mesh=mesh if mesh.is_file() else next(iter(others), None),
        mesh_in_meters=mesh.is_file(),
        video=_file(generation / "videos_kling" / f"{clip}.mp4"),
        picture=_file(generation / "asset_renders" / f"{clip}.png"),
        visuals=tuple(path for name in _VISUALS if (path := results / name).is_file()),
        accepted=True if accepted else False if (raw / "invalid").exists() else None,
    )


def _file(path: Path) -> Path | None:
    return path if path.is_file() else None
