"""A copy of a made clip, up to its video, with one input spoiled."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.core.formats.ground_truth import GroundTruth
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.truth_suite.degradations import CRF, DEGRADATIONS, CleanClip
from hoi_platform.core.truth_suite.wrong_knowledge import WRONG_KNOWLEDGE, Knowledge
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.record import file_digest
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.body.anny_body import load_body, save_body
from hoi_platform.services.body.first_frame import load_first_frame, save_first_frame
from hoi_platform.services.video.codec import read_video, write_video

Spoil = Callable[[ArtifactStore, ClipId, np.random.Generator], None]


def make_variant(
    clean: ArtifactStore, target: Path, clip: ClipId, assets: Sequence[str], spoiled_by: str
) -> ArtifactStore:
    """Copy the artifacts of ``assets`` (in flow order), spoil them, hash them again.

    The records keep the fingerprints of the clean clip: what is wrong is invisible to the stages
    that follow, as it would in production. A variant that exists is made again.
    """
    variant = copy_clip(clean, target, clip, assets)
    spoil = _degrade if spoiled_by in DEGRADATIONS else _mislead
    spoil(variant, clip, spoiled_by)
    for asset in assets:
        _rehash(variant, asset, clip)
    return variant


def copy_clip(
    clean: ArtifactStore, target: Path, clip: ClipId, assets: Sequence[str]
) -> ArtifactStore:
    """The artifacts of ``assets`` with their records in a folder that is made anew."""
    shutil.rmtree(target, ignore_errors=True)
    copied = ArtifactStore(target)
    for asset in assets:
        _copy(clean, copied, asset, clip)
    return copied


def _copy(clean: ArtifactStore, variant: ArtifactStore, asset: str, clip: ClipId) -> None:
    subject = upstream_subject(asset, clip)
    record = clean.record(asset, subject)
    if record is None:
        raise FileNotFoundError(f"{asset} of {clip} has not been made under {clean.root}")
    for name in (*record.files, ARTIFACTS[asset].record_path(subject)):
        (variant.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(clean.root / name, variant.root / name)


def _rehash(variant: ArtifactStore, asset: str, clip: ClipId) -> None:
    subject = upstream_subject(asset, clip)
    record = variant.record(asset, subject)
    assert record is not None
    inputs = {}
    for upstream in record.inputs:
        above = variant.record(upstream, upstream_subject(upstream, subject))
        assert above is not None
        inputs[upstream] = above.digest
    files = {name: file_digest(variant.root / name) for name in record.files}
    changed = record.model_copy(update={"inputs": inputs, "files": files})
    path = variant.root / ARTIFACTS[asset].record_path(subject)
    write_whole(path, changed.model_dump_json(indent=1) + "\n")


def _degrade(variant: ArtifactStore, clip: ClipId, name: str) -> None:
    path = variant.path("interaction_video", "video", clip)
    truth = GroundTruth.load(variant.path("interaction_video", "truth", clip))
    video = read_video(path)
    clean = CleanClip(video.frames, _plate(variant, clip), truth.object_masks, truth.human_masks)
    frames = DEGRADATIONS[name](clean, np.random.default_rng(clip.seed))
    write_video(path, frames, video.fps, **({"crf": CRF[name]} if name in CRF else {}))


def _plate(variant: ArtifactStore, clip: ClipId) -> np.ndarray:
    from PIL import Image

    with Image.open(variant.path("scene_render", "plate", clip) / "plate.png") as image:
        return np.asarray(image.convert("RGB"))


def _mislead(variant: ArtifactStore, clip: ClipId, name: str) -> None:
    scene = variant.path("scene_render", "scene", clip)
    person = variant.path("scene_render", "person", clip)
    first = load_first_frame(person)
    known = Knowledge(
        spec=SceneSpec.model_validate_json(scene.read_bytes()),
        body=load_body(person / "body.npz"),
        first_frame=first,
    )
    wrong = WRONG_KNOWLEDGE[name](known, np.random.default_rng(clip.seed))
    write_whole(scene, wrong.spec.model_dump_json(indent=1) + "\n")
    save_body(wrong.body, person / "body.npz")
    save_first_frame(wrong.first_frame, person)
