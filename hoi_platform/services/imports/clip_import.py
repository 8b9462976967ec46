"""Puts a foreign clip into a results folder: its files, a verdict, and records that say so."""

import json
import platform as machine
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from hoi_platform.core.clip import ClipId, parse_clip_path
from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.formats.foreign_pickle import load_foreign_pickle
from hoi_platform.core.formats.hoi_npz import write_hoi_npz
from hoi_platform.core.formats.hoi_pickle import write_hoi_pickle
from hoi_platform.core.formats.reference_hoi import ReferenceHoi, read_reference
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.licensing import UNKNOWN, License
from hoi_platform.core.task import TASKS
from hoi_platform.services.artifacts.record import ArtifactRecord, file_digest, fingerprint_of
from hoi_platform.services.artifacts.store import Staging
from hoi_platform.services.imports.found import ForeignClip
from hoi_platform.services.imports.judging import judge_anew, not_judged
from hoi_platform.services.platform import Platform

IMPORTED: Final = "imported"
"""The backend of every record of a foreign clip."""
_VERSION: Final = "1"
_BESIDE_A_MESH: Final = frozenset({".mtl", ".png", ".jpg", ".jpeg"})
_POSTER_PX: Final = 640
"""Longest side of the picture that the gallery shows (pixels); chosen."""
_MOST_MESH_BYTES: Final = 500_000_000
"""Largest OBJ that is read (bytes); chosen: 2 million faces have a fifth of it."""


@dataclass(frozen=True)
class ImportedClip:
    """What became of one clip."""

    clip: ClipId
    verdict: Verdict
    accepted: bool | None
    """What the reference's filter said."""
    hands_known: bool
    is_new: bool
    """False where it was imported before, from the same files under the same limits."""


@dataclass(frozen=True)
class ClipImport:
    """One foreign clip on its way into a results folder."""

    platform: Platform
    foreign: ForeignClip
    root: Path
    """The foreign results folder."""
    task: str
    """Whose limits the filter uses; folders of the reference do not name it."""

    @cached_property
    def clip(self) -> ClipId:
        """Raises BadInputError for an id that is not of the reference's form."""
        return parse_clip_path(self.foreign.path, self.platform.catalogue.first_tasks())

    @cached_property
    def digests(self) -> dict[str, str]:
        """File of the foreign folder → SHA-256. Raises BadInputError for links that lead out."""
        top = self.root.resolve()
        for path in self.foreign.files():
            if not path.resolve().is_relative_to(top):
                raise BadInputError(f"{path} is a link out of {self.root}; copy the file there")
        return {p.relative_to(self.root).as_posix(): file_digest(p) for p in self.foreign.files()}

    @cached_property
    def limits(self) -> dict[str, Any]:
        return {"task": self.task} | self._filtering.model_dump()

    @property
    def _filtering(self) -> FilteringConfig:
        return self.platform.settings(self.task).recon_4dhoi.filtering

    @cached_property
    def result(self) -> ReferenceHoi:
        """Raises BadInputError for a file that is not understood."""
        file = self.foreign.hoi_data
        found = read_reference(load_foreign_pickle(file), str(file.relative_to(self.root)))
        meta = {"imported": True, "licenses": [_TERMS.model_dump()], "commercial_ok": False}
        scale = np.ones(3) if self.foreign.mesh_in_meters else found.data.obj_scale
        return replace(found, data=replace(found.data, meta=meta, obj_scale=scale))

    def run(self) -> ImportedClip:
        """Put everything in place, the verdict last, unless it is there already.

        Raises BadInputError for a clip that was made here, or that cannot be read.
        """
        self._check_not_made_here()
        store, clip = self.platform.store, self.clip
        before = store.record("filtered_hoi", clip)
        whole = before is not None and store.content_status(before, clip).done
        is_new = (
            not whole or before is None or before.fingerprint != self._fingerprint("filtered_hoi")
        )
        verdict = self._verdict()
        if is_new:
            self._put(verdict)
        return ImportedClip(clip, verdict, self.foreign.accepted, self.result.hands_known, is_new)

    def _verdict(self) -> Verdict:
        skipped = TASKS.find(self.task).skipped_checks
        accepted = self.foreign.accepted
        return judge_anew(self.result.data, self._mesh(), self._filtering, accepted, skipped)

    def _check_not_made_here(self) -> None:
        for name, kind in ARTIFACTS.items():
            record = self.platform.store.record(name, self.clip) if kind.scope == "clip" else None
            if record is not None and "imported_files" not in record.facts:
                raise BadInputError(
                    f"{name} of {self.clip} was made here and would be replaced; import into "
                    "another folder with --results_dir"
                )

    def _mesh(self) -> TriangleMesh:
        """The object in meters. Raises BadInputError where there is none that can be read."""
        import trimesh

        path = self.foreign.mesh
        if path is None or path.stat().st_size > _MOST_MESH_BYTES:
            raise BadInputError(
                f"{self.clip} has no mesh of at most {_MOST_MESH_BYTES} bytes in mesh_data/"
                "model.obj or generation/mesh; its filter needs one"
            )
        try:
            with path.open("rb") as file:
                mesh = trimesh.load_mesh(file, file_type="obj", process=False, skip_materials=True)
            found = TriangleMesh(np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int64))
        except Exception as error:  # trimesh raises many kinds on a file that is not its own
            raise BadInputError(f"{path} is not a readable OBJ: {error}") from error
        return found.scaled(tuple(self.result.data.obj_scale.tolist()))

    def _put(self, verdict: Verdict) -> None:
        if self.foreign.video is not None:
            self._commit("interaction_video", self._write_video)
        self._commit("reconstruction", self._write_result)
        if self.foreign.visuals or self.foreign.picture:
            self._commit("visualization", self._write_visuals)
        self._commit("filtered_hoi", lambda staging: self._write_verdict(staging, verdict))

    def _write_video(self, staging: Staging) -> None:
        assert self.foreign.video is not None
        shutil.copyfile(self.foreign.video, staging.path("video"))
        staging.path("checks").write_text("[]")

    def _write_result(self, staging: Staging) -> None:
        shutil.copyfile(self.foreign.hoi_data, staging.path("pickle"))
        write_hoi_npz(self.result.data, staging.path("data"))
        staging.path("losses").write_text("{}")

    def _write_visuals(self, staging: Staging) -> None:
        folder = staging.path("visuals")
        for path in self.foreign.visuals:
            shutil.copyfile(path, folder / path.name)
        if self.foreign.picture is not None:
            _write_poster(self.foreign.picture, folder / "poster.jpg")

    def _write_verdict(self, staging: Staging, verdict: Verdict) -> None:
        staging.path("verdict").write_text(json.dumps(verdict.to_json(), indent=1) + "\n")
        if not verdict.valid:
            staging.path("invalid").write_text(verdict.invalid_text)
            return
        hoi, mesh = staging.path("hoi_data"), staging.path("mesh_data")
        write_hoi_npz(self.result.data, hoi / "hoi_data.npz")
        write_hoi_pickle(self.result.data, hoi / "hoi_data.pkl")
        assert self.foreign.mesh is not None
        shutil.copyfile(self.foreign.mesh, mesh / "model.obj")
        for path in sorted(self.foreign.mesh.parent.iterdir()):
            if path.suffix.lower() in _BESIDE_A_MESH and path.is_file() and not path.is_symlink():
                shutil.copyfile(path, mesh / path.name)

    def _fingerprint(self, asset: str) -> str:
        """Never that of a stage: what was imported is not what today's settings would make."""
        limits = self.limits if asset == "filtered_hoi" else {}
        return fingerprint_of([IMPORTED, _VERSION, asset, self.digests, limits])

    def _commit(self, asset: str, write: Callable[[Staging], None]) -> None:
        facts: dict[str, Any] = {"imported_files": self.digests}
        if asset == "filtered_hoi":
            accepted = {True: "valid", False: "invalid", None: "not judged"}[self.foreign.accepted]
            facts |= {"reference_verdict": accepted, "not_judged": not_judged()}
            facts["hands_known"] = self.result.hands_known
        with self.platform.store.staging(asset, self.clip) as staging:
            write(staging)
            record = ArtifactRecord(
                asset=asset,
                subject=self.clip.path,
                schema_version=ARTIFACTS[asset].schema_version,
                fingerprint=self._fingerprint(asset),
                code_version=_VERSION,
                backend=IMPORTED,
                settings=self.limits if asset == "filtered_hoi" else {},
                inputs={},
                files={},
                seconds=0.0,
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                machine=f"{machine.machine()} {machine.system()}",
                facts=facts,
                licenses=(_TERMS,),
            )
            self.platform.store.commit(staging, record)


_TERMS: Final = License(part="imported clip", name=UNKNOWN, commercial_ok=False)


def _write_poster(picture: Path, target: Path) -> None:
    """A small JPEG of the conditioning frame. Raises BadInputError."""
    from PIL import Image

    try:
        with Image.open(picture) as image:
            small = image.convert("RGB")
            small.thumbnail((_POSTER_PX, _POSTER_PX))
            small.save(target, quality=85)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInputError(f"{picture} cannot be read as a picture: {error}") from error
