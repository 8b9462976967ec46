"""What is known of a clip besides its artifacts: its row's partition, its verdict."""

import json
from dataclasses import dataclass
from typing import Final

from hoi_platform.core.clip import ClipId
from hoi_platform.core.filtering.check import checks_from_json
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS, Subject
from hoi_platform.core.licensing import License, all_licenses
from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.platform import Platform

VIDEO: Final = "interaction_video"


def clips_named(platform: Platform, path: str) -> list[ClipId]:
    """Today's clip with this path, none when it was removed."""
    folder, _, seed = path.rpartition("_rand")
    dataset_category = "/".join(folder.split("/")[:2])
    if not seed.isdigit():
        return []
    objects = [i for i in platform.catalogue.entries() if i.path == dataset_category]
    clips = [platform.clip(object_id, int(seed)) for object_id in objects]
    return [clip for clip in clips if clip.path == path]


def video_rejection(store: ArtifactStore, subject: Subject) -> str:
    """Why a clip's video is not the ordered one; empty for a good one, or for none.

    Nothing is made of a rejected video until a person accepts it (``hoi ledger accept``).
    """
    if not isinstance(subject, ClipId):
        return ""
    record = store.record(VIDEO, subject)
    return "" if record is None else str(record.facts.get("rejected") or "")


@dataclass(frozen=True)
class VideoVariants:
    """The videos of a clip, by the backends that made them."""

    standing: str
    """The one in use; empty where there is none."""
    others: tuple[str, ...]
    """Those that are set aside."""
    broken: dict[str, str]
    """Variant → what is wrong with its files."""

    def __str__(self) -> str:
        marked = [f"{name} (corrupt)" if name in self.broken else name for name in self.others]
        standing = self.standing or "none"
        return f"{standing}; set aside: {', '.join(marked)}" if marked else standing


def video_variants(store: ArtifactStore, clip: ClipId, *, verify: bool = False) -> VideoVariants:
    """Which video of a clip is in use and which others there are; ``verify`` hashes their files."""
    record, known = store.record(VIDEO, clip), store.variants(VIDEO, clip)
    standing = "" if record is None else record.variant
    found = {n: store.files_status(r, n, verify=verify) for n, r in known.items()}
    broken = {name: status.reason for name, status in found.items() if not status.done}
    return VideoVariants(standing, tuple(n for n in known if n != standing), broken)


def clip_verdict(store: ArtifactStore, clip: ClipId) -> Verdict | None:
    """The decision on a clip, which a rejected video alone can make; None for an unjudged one."""
    if video_rejection(store, clip):
        checks = checks_from_json(store.path(VIDEO, "checks", clip).read_bytes())
        return Verdict(tuple(checks), kept_frames=0, total_frames=0)
    if store.record("filtered_hoi", clip) is None:
        return None
    return Verdict.from_json(json.loads(store.path("filtered_hoi", "verdict", clip).read_text()))


def clip_licenses(store: ArtifactStore, clip: ClipId) -> tuple[License, ...]:
    """The terms of everything that a clip was made from, as far as it has been made."""
    names = [name for name, kind in ARTIFACTS.items() if kind.scope == "clip"]
    records = [record for name in names if (record := store.record(name, clip))]
    return all_licenses(*(record.known_licenses for record in records))


def mark_for_recheck(store: ArtifactStore, clip: ClipId) -> bool:
    """Make rejected videos' records stale, so that the next run continues with them.

    Also of a video that is set aside.
    """
    known = [*store.variants(VIDEO, clip).values(), store.record(VIDEO, clip)]
    rejected = {r.variant: r for r in known if r is not None and "rejected" in r.facts}
    for record in rejected.values():
        anew = {"fingerprint": fingerprint_of(["judge anew", record.fingerprint])}
        store.rewrite_variant(clip, record.model_copy(update=anew))
    return bool(rejected)
