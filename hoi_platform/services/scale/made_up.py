"""A results folder with any number of objects and finished clips, written in seconds.

Records, verdicts and accuracies are as the platform writes them, with today's fingerprints; videos
and meshes are a few bytes, since no listing opens them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.filtering.check import Check, checks_to_json
from hoi_platform.core.filtering.registry import CHECKS
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS, FileKind, subject_path, upstream_subject
from hoi_platform.services.artifacts.record import RECORD_VERSION, fingerprint_of, variant_name
from hoi_platform.services.artifacts.stages import Stage, Stages
from hoi_platform.services.meshes.keys import KeyRegistry
from hoi_platform.services.platform import Platform

OBJECTS_OF_A_DATASET: Final = 500
"""Objects of one release; chosen below what Dagster's page can show."""
_FRAMES: Final = 49
"""Frames of a clip; chosen as in the demo's profile."""
_CUBE: Final = "".join(
    [f"v {x} {y} {z}\n" for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    + [f"f {a} {b} {c} {d}\n" for a, b, c, d in ((1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2))]
    + [f"f {a} {b} {c} {d}\n" for a, b, c, d in ((3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4))]
)
"""The mesh of every object, in the OBJ format."""
_UNFINISHED: Final = 10
"""One of so many clips is not reconstructed yet; chosen."""
_REJECTED: Final = 3
"""One of so many finished clips is rejected; chosen near the measured yield."""
_FOLDER_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "visuals": ("poster.jpg", "recon_comparison", "recon_result", "recon_result.html"),
    "hoi_data": ("hoi_data.pkl", "hoi_data.npz"),
    "poses": ("poses_in_cam.pkl", "track.npz"),
}
_UNSEEN: Final = ("000000.png", "000000.exr", "more.bin")
"""What is recorded of a folder that no listing looks into; its files are not written."""
_SEEN: Final = ("poster.jpg", "recon_result.html", "hoi_data.npz", ".mp4", "verdict.json")
"""Ends of the names of files that are written, besides the accuracy."""


@dataclass(frozen=True)
class MadeUp:
    """How much to make up."""

    objects: int
    clips: int
    """In all, spread evenly over the objects."""

    def ids(self) -> list[ObjectId]:
        return [
            ObjectId(f"Scale-r{number // OBJECTS_OF_A_DATASET + 1}", f"object_{number:05d}")
            for number in range(self.objects)
        ]

    def clips_of(self, number: int) -> range:
        """The seeds of an object."""
        share, more = divmod(self.clips, self.objects)
        return range(1, share + (number < more) + 1)


def make_up(platform: Platform, table: Mapping[str, Stage], made_up: MadeUp) -> bool:
    """Write all of it, unless the folder holds it already; whether it was written."""
    write_objects(platform.results_dir, made_up)
    stages, first = platform.stages(dict(table)), platform.clip(made_up.ids()[0], 1)
    fingerprint = stages.fingerprint(_order(table, "clip")[-1], first)
    marker = platform.results_dir / "made_up.json"
    held = json.dumps(asdict(made_up) | {"fingerprint": fingerprint})
    if marker.is_file() and marker.read_text() == held:
        return False
    write_clips(platform, table, made_up)
    _write(marker, held)
    return True


def write_objects(results: Path, made_up: MadeUp) -> None:
    """Entries of the catalogue with their meshes, as ``hoi objects add`` leaves them."""
    folder = results / "catalogue"
    for object_id, key in KeyRegistry(folder).register(made_up.ids()).items():
        entry = {"obj_scale": [0.2] * 3, "source": "mesh/model.obj", "license": "CC-BY-4.0"}
        data = {"dataset": object_id.dataset, "objects": {object_id.category: entry}}
        if not (folder / key / "entry.yaml").exists():
            _write(folder / key / "mesh" / "model.obj", _CUBE)
            _write(folder / key / "entry.yaml", yaml.safe_dump(data, sort_keys=False))


def write_clips(platform: Platform, table: Mapping[str, Stage], made_up: MadeUp) -> None:
    """Records of all stages of every clip, and the files that listings and the index open."""
    stages = platform.stages(dict(table))
    for number, object_id in enumerate(made_up.ids()):
        writer = _Writer(platform.store.root, stages)
        for name in _order(table, "object"):
            writer.write(name, object_id)
        for seed in made_up.clips_of(number):
            clip = platform.clip(object_id, seed)
            serial = number * made_up.objects + seed
            last = "video_task" if serial % _UNFINISHED == 0 else None
            for name in _demanded(stages, table, clip, last):
                writer.write(name, clip, valid=serial % _REJECTED != 0)


def _order(table: Mapping[str, Stage], scope: str) -> list[str]:
    return [name for name, kind in ARTIFACTS.items() if name in table and kind.scope == scope]


def _demanded(
    stages: Stages, table: Mapping[str, Stage], clip: ClipId, last: str | None
) -> list[str]:
    names = stages.in_demand(_order(table, "clip"), clip)
    return names if last is None else names[: names.index(last) + 1]


class _Writer:
    """Writes the artifacts of one object and its clips."""

    def __init__(self, root: Path, stages: Stages) -> None:
        self._root = root
        self._stages = stages
        self._digests: dict[tuple[str, str], str] = {}

    def write(self, name: str, subject: ObjectId | ClipId, *, valid: bool = True) -> None:
        """One artifact, its variant's record beside it."""
        files = dict(self._files(name, subject, valid))
        backend, settings = self._stages.asked_for(name, subject)
        path = subject_path(subject)
        self._digests[name, path] = fingerprint_of(files)
        stage = self._stages.stages[name]
        record = {
            "record_version": RECORD_VERSION,
            "asset": name,
            "subject": path,
            "schema_version": ARTIFACTS[name].schema_version,
            "fingerprint": self._stages.fingerprint(name, subject),
            "code_version": stage.version,
            "backend": backend,
            "settings": settings,
            "inputs": self._inputs(stage, subject),
            "files": files,
            "seed": subject.seed if isinstance(subject, ClipId) else None,
            "seconds": 1.5,
            "peak_memory_mb": 512.0,
            "created_at": "2026-01-01T00:00:00+00:00",
            "machine": "made up",
            "facts": {"valid": valid, "failed": ""} if name == "filtered_hoi" else {},
            "licenses": [{"part": "mesh", "name": "CC-BY-4.0", "commercial_ok": True}],
        }
        kind, text = ARTIFACTS[name], json.dumps(record)
        _write(self._root / kind.record_path(subject), text)
        if kind.variants:
            _write(self._root / kind.record_path(subject, variant_name(backend)), text)

    def _inputs(self, stage: Stage, subject: ObjectId | ClipId) -> dict[str, str]:
        needed = stage.needed(self._stages.context(subject))
        subjects = {name: subject_path(upstream_subject(name, subject)) for name in needed}
        return {name: self._digests[name, path] for name, path in sorted(subjects.items())}

    def _files(
        self, name: str, subject: ObjectId | ClipId, valid: bool
    ) -> Iterator[tuple[str, str]]:
        """Path and hash of every file that the artifact would have."""
        for file in ARTIFACTS[name].files:
            if file.optional and (not valid or file.key == "invalid"):
                continue
            for relative in _names(file, ARTIFACTS[name].relative_path(file.key, subject)):
                text = _content(name, file.key, valid)
                if relative.endswith(_SEEN) or file.key == "accuracy":
                    _write(self._root / relative, text)
                yield relative, hashlib.sha256((relative + text).encode()).hexdigest()


def _names(file: FileKind, relative: str) -> Iterator[str]:
    """The files of a file kind, which may be a folder."""
    if not relative.endswith("/"):
        yield relative
        return
    for name in _FOLDER_NAMES.get(file.key, _UNSEEN):
        yield relative + name


@cache
def _content(name: str, key: str, valid: bool) -> str:
    if (name, key) == ("filtered_hoi", "verdict"):
        return json.dumps(_verdict(valid).to_json(), indent=1)
    if (name, key) == ("clip_accuracy", "accuracy"):
        return json.dumps(_ACCURACY, indent=1)
    return checks_to_json(_verdict(True).checks) if key == "checks" else "made up"


def _verdict(valid: bool) -> Verdict:
    """Of all checks of the filter; the last one fails for a clip that is not valid."""
    names = list(CHECKS.rows())
    checks = [Check.at_most(name, 0.01, 0.02, "m") for name in names]
    if not valid:
        checks[-1] = Check.at_most(names[-1], 0.03, 0.02, "m")
    return Verdict(tuple(checks), kept_frames=_FRAMES, total_frames=_FRAMES)


_ACCURACY: Final[Mapping[str, Any]] = {
    "frames": _FRAMES,
    "mpjpe_mm": 40.0,
    "pa_mpjpe_mm": 30.0,
    "object_translation_mm": 15.0,
    "object_rotation_deg": 5.0,
    "add_mm": 20.0,
    "contact_f1": 0.9,
}


def _write(path: Path, text: str) -> None:
    """Neither whole nor safe from a power cut: it is made up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
