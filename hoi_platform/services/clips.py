"""What is known of a clip besides its artifacts: its row's partition, its verdict."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hoi_platform.core.clip import ClipId
from hoi_platform.core.filtering.check import checks_from_json
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS, Subject
from hoi_platform.core.licensing import License, all_licenses
from hoi_platform.services.artifacts.damage import (
    DamagedFileError,
    parsed,
    require_whole,
    unreadable_record,
)
from hoi_platform.services.artifacts.record import fingerprint_of, variant_name
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.artifacts.summaries import ObjectRecords, licenses_of
from hoi_platform.services.platform import Platform

VIDEO: Final = "interaction_video"
_OF_CLIPS: Final = tuple(name for name, kind in ARTIFACTS.items() if kind.scope == "clip")


def clips_named(platform: Platform, path: str) -> list[ClipId]:
    """Today's clip with this path, none when it was removed."""
    folder, _, seed = path.rpartition("_rand")
    object_id = platform.catalogue.at_path("/".join(folder.split("/")[:2]))
    if object_id is None or not seed.isdigit():
        return []
    clip = platform.clip(object_id, int(seed))
    return [clip] if clip.path == path else []


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

    @classmethod
    def recorded(
        cls, clip: ClipId, records: ObjectRecords, known: Mapping[str, tuple[str, ...]]
    ) -> "VideoVariants":
        """By the records alone; ``known`` are the variants of the object's clips by their names."""
        record = records.of(VIDEO, clip)
        standing = "" if record is None else variant_name(record.backend)
        others = (name for name in known.get(clip.name, ()) if name != standing)
        return cls(standing, tuple(others), {})

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


def recorded_verdict(store: ArtifactStore, clip: ClipId, records: ObjectRecords) -> Verdict | None:
    """The decision on a clip, which a rejected video alone can make; None for an unjudged one.

    Raises DamagedFileError.
    """
    if recorded_rejection(clip, records):
        return parsed(store, VIDEO, "checks", clip, _of_video)
    if records.digest("filtered_hoi", clip) is None:
        return None
    return parsed(store, "filtered_hoi", "verdict", clip, _of_filter)


def _of_filter(text: bytes) -> Verdict:
    return Verdict.from_json(json.loads(text))


def _of_video(text: bytes) -> Verdict:
    return Verdict(tuple(checks_from_json(text)), kept_frames=0, total_frames=0)


def damages(store: ArtifactStore, clip: ClipId, records: ObjectRecords) -> dict[str, str]:
    """Stage → what is wrong with its record, or with the verdict, and the cure."""
    unreadable = [(subject, records.unreadable(subject)) for subject in (clip.object_id, clip)]
    found = {
        asset: unreadable_record(asset, subject, reason)
        for subject, reasons in unreadable
        for asset, reason in reasons.items()
    }
    if records.digest("filtered_hoi", clip) is not None:
        try:
            require_whole(store, "filtered_hoi", "verdict", clip)
        except DamagedFileError as error:
            found["filtered_hoi"] = str(error)
    return found


@dataclass(frozen=True)
class ClipLine:
    """What ``hoi clips`` says of a clip."""

    clip: ClipId
    videos: VideoVariants
    verdict: str
    """``valid``, ``rejected``, ``unjudged``, or ``broken``: a file of it cannot be read."""
    reasons: tuple[str, ...]
    """Why it is rejected, or what is broken and the cure."""
    failed: tuple[str, ...]
    """The names of the checks that it failed."""
    licenses: tuple[License, ...]


def listed_clips(platform: Platform) -> Iterator[ClipLine]:
    """Today's clips of which at least the scene has been rendered, by object and seed."""
    for object_id, records in platform.made_objects():
        variants = platform.store.summaries.variants(VIDEO, object_id.path)
        for clip in platform.clips_among(records, object_id, "scene_render"):
            word, reasons, failed = _judgment(platform.store, clip, records)
            yield ClipLine(
                clip,
                VideoVariants.recorded(clip, records, variants),
                word,
                reasons,
                failed,
                licenses=recorded_licenses(clip, records),
            )


def _judgment(
    store: ArtifactStore, clip: ClipId, records: ObjectRecords
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The word for a clip, why, and the checks that it failed; reasons are in files of their own.

    A file that cannot be read makes its clip a broken one.
    """
    if damage := damages(store, clip, records):
        return "broken", tuple(damage.values()), ()
    rejected = recorded_rejection(clip, records)
    judged = records.of("filtered_hoi", clip)
    if not rejected and (judged is None or judged.facts.get("valid")):
        return ("unjudged" if judged is None else "valid"), (), ()
    try:
        verdict = recorded_verdict(store, clip, records)
    except DamagedFileError as error:
        return "broken", (str(error),), ()
    assert verdict is not None
    first = "video: " if rejected else ""
    reasons = tuple(first + reason for reason in verdict.reasons)
    return ("valid" if verdict.valid else "rejected"), reasons, verdict.failed


def recorded_rejection(clip: ClipId, records: ObjectRecords) -> str:
    """``video_rejection`` from what is known of all records."""
    record = records.of(VIDEO, clip)
    return "" if record is None else str(record.facts.get("rejected") or "")


def recorded_licenses(clip: ClipId, records: ObjectRecords) -> tuple[License, ...]:
    """The terms of everything that a clip was made from, as far as it has been made."""
    terms = {(name, found) for name in _OF_CLIPS if (found := records.terms(name, clip))}
    return _all_terms(frozenset(terms))


@lru_cache(maxsize=10_000)
def _all_terms(terms: frozenset[tuple[str, str]]) -> tuple[License, ...]:
    """Most clips of a dataset share them."""
    return all_licenses(*(licenses_of(asset, text) for asset, text in terms))


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
