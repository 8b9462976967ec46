"""Every artifact of the platform: one row per kind, its files where the reference keeps them."""

from dataclasses import dataclass
from typing import Final, Literal

from hoi_platform.core.clip import ClipId, ObjectId

Scope = Literal["object", "clip", "index"]
Subject = ObjectId | ClipId | None

_GEN: Final = "generation"
VARIANTS: Final = "variants"
"""The folder of all variants, below ``generation`` and below ``ground_truth``."""


@dataclass(frozen=True)
class FileKind:
    """One file (or folder, with a trailing slash) of an artifact, relative to the results."""

    key: str
    template: str
    content: str
    """What is inside: type, shape, unit, frame."""
    optional: bool = False
    privileged: bool = False
    """Ground truth: closed to every stage that reconstructs."""


@dataclass(frozen=True)
class ArtifactKind:
    """What one asset leaves behind for one partition."""

    name: str
    scope: Scope
    files: tuple[FileKind, ...]
    schema_version: int = 1
    variants: bool = False
    """Whether what each backend made is kept beside the others. The one that the configuration
    names is copied to the artifact's place."""

    def file(self, key: str) -> FileKind:
        for file in self.files:
            if file.key == key:
                return file
        raise KeyError(f"{self.name} has no file {key!r}; it has {[f.key for f in self.files]}")

    def relative_path(self, key: str, subject: Subject, variant: str | None = None) -> str:
        """The path of one of its files below the results folder."""
        path = self.file(key).template.format(id=subject_path(subject))
        return variant_path(path, variant)

    def record_path(self, subject: Subject, variant: str | None = None) -> str:
        """The path of its record below the results folder."""
        path = subject_path(subject) or "all"
        return variant_path(f"{_GEN}/records/{self.name}/{path}.json", variant)


def variant_path(path: str, variant: str | None) -> str:
    """Where a variant keeps what has its place at ``path``: the same tree, one level down.

    ``generation/videos_kling/…`` → ``generation/variants/<variant>/videos_kling/…``, so that
    ground truth stays below ``ground_truth``.
    """
    top, _, below = path.partition("/")
    return path if variant is None else f"{top}/{VARIANTS}/{variant}/{below}"


def subject_path(subject: Subject) -> str:
    """``<dataset>/<category>`` of an object, the clip id of a clip, empty for the index."""
    return "" if subject is None else subject.path


def _object(name: str, *files: FileKind, schema_version: int = 1) -> ArtifactKind:
    return ArtifactKind(name, "object", files, schema_version)


def _clip(
    name: str, *files: FileKind, schema_version: int = 1, variants: bool = False
) -> ArtifactKind:
    return ArtifactKind(name, "clip", files, schema_version, variants)


_RAW: Final = f"{_GEN}/4dhoi_recon_smplx/{{id}}"
_VALID: Final = f"{_GEN}/4dhoi_recon_smplx_valid/{{id}}"
_FOUNDATION: Final = f"{_GEN}/foundation_pose/{{id}}"
_CACHE: Final = f"{_GEN}/4dhoi_recon_cache"
_PERFORMANCE: Final = "ground_truth/performances/{id}"

_KINDS: Final = (
    _object(
        "object_mesh",
        FileKind("mesh", f"{_GEN}/mesh/{{id}}/", "model.obj, mtl, textures; z up, mesh units"),
        FileKind("statistics", f"{_GEN}/mesh_statistics/{{id}}.json", "MeshStatistics"),
    ),
    _object(
        "settled_pose",
        FileKind("state", f"{_GEN}/initial_states/{{id}}/initial_state.json", "SettledPose"),
        FileKind(
            "pickle",
            f"{_GEN}/initial_states/{{id}}/initial_state.pickle",
            "{orientation wxyz, euler, R (3,3), position (3,) m}",
        ),
    ),
    _object(
        "object_scale",
        FileKind("scale", f"{_GEN}/obj_scales/{{id}}/obj_scale.json", "obj_scale[3], history"),
        FileKind("previews", f"{_GEN}/obj_scales/{{id}}/previews/", "PNGs", optional=True),
    ),
    _clip(
        "scene_render",
        FileKind("frame", f"{_GEN}/asset_renders/{{id}}.png", "conditioning frame, 8-bit sRGB"),
        FileKind("camera_pickle", f"{_GEN}/cameras/{{id}}.pickle", "the reference's camera dict"),
        FileKind("scene", f"{_GEN}/cameras/{{id}}.json", "SceneSpec"),
        FileKind("depth", f"{_GEN}/depth_maps/{{id}}/", "000000.png uint16 mm, 000000.exr m"),
        FileKind(
            "foundation_pose",
            f"{_FOUNDATION}/",
            "cam_K.txt, masks/, human_masks/, first_frame_pose.pickle, character_data.pickle",
        ),
        FileKind("plate", f"{_GEN}/background_plates/{{id}}/", "plate.png, depth.exr (m)"),
        FileKind("person", f"{_GEN}/characters/{{id}}/", "body.npz, first_frame.npz, colors.npy"),
        FileKind("checks", f"{_GEN}/render_checks/{{id}}.json", "visibility and crop checks"),
    ),
    _clip(
        "video_prompt",
        FileKind("prompt", f"{_GEN}/prompts/{{id}}.json", "base and refined prompt, source"),
        FileKind("text", f"{_GEN}/prompts/{{id}}.txt", "the prompt that is sent"),
        variants=True,
    ),
    _clip(
        "video_task",
        FileKind("task", f"{_GEN}/video_tasks/{{id}}.json", "VideoTask"),
        variants=True,
    ),
    _clip(
        "performance",
        FileKind(
            "performance", f"{_PERFORMANCE}/performance.npz", "StoredPerformance", privileged=True
        ),
        FileKind(
            "labels",
            f"{_PERFORMANCE}/labels.mkv",
            "FFV1, 8 bit: index into PARTS",
            privileged=True,
        ),
        FileKind(
            "depth", f"{_PERFORMANCE}/depth.mkv", "FFV1, 16 bit: mm, 0 = none", privileged=True
        ),
    ),
    _clip(
        "interaction_video",
        FileKind("video", f"{_GEN}/videos_kling/{{id}}.mp4", "H.264, size of the frame"),
        FileKind("checks", f"{_GEN}/video_checks/{{id}}.json", "video sanity checks"),
        FileKind("truth", "ground_truth/{id}.npz", "GroundTruth", optional=True, privileged=True),
        variants=True,
    ),
    _clip(
        "human_pose",
        FileKind("motion", f"{_GEN}/hmr_smplx/{{id}}.npz", "HumanPoseEstimate"),
    ),
    _clip(
        "scene_tracks",
        FileKind("masks", f"{_CACHE}/masks/{{id}}.npz", "SceneTracks without its depth"),
        FileKind("depth", f"{_CACHE}/depth/{{id}}.pt", "depth (T, h, w) m, nan = unknown"),
    ),
    _clip(
        "object_pose",
        FileKind(
            "poses",
            f"{_GEN}/foundation_pose_output/{{id}}/pose_estimation_output/",
            "poses_in_cam.pkl: list of T_cam_object (4,4); track.npz: ObjectPoseTrack",
        ),
    ),
    _clip(
        "contact_labels",
        FileKind("labels", f"{_CACHE}/contact_labels/{{id}}.json", "ContactLabels"),
    ),
    _clip(
        "reconstruction",
        FileKind("pickle", f"{_RAW}/hoi_data.pkl", "raw HoiData, the reference's dict"),
        FileKind("data", f"{_RAW}/hoi_data.npz", "raw HoiData"),
        FileKind("losses", f"{_RAW}/losses.json", "loss per term and iteration"),
    ),
    _clip(
        "clip_accuracy",
        FileKind("accuracy", f"{_GEN}/accuracy/{{id}}.json", "ClipAccuracy, null without truth"),
    ),
    _clip(
        "filtered_hoi",
        FileKind("verdict", f"{_RAW}/verdict.json", "Verdict: every check, value, threshold"),
        FileKind("invalid", f"{_RAW}/invalid", "why it was rejected", optional=True),
        FileKind("hoi_data", f"{_VALID}/hoi_data/", "hoi_data.pkl, hoi_data.npz", optional=True),
        FileKind("mesh_data", f"{_VALID}/mesh_data/", "model.obj, mtl, textures", optional=True),
    ),
    _clip(
        "visualization",
        FileKind("visuals", f"{_GEN}/result_vis/{{id}}/", "MP4s, recon_result.html, poster.jpg"),
        FileKind(
            "packaged", f"{_VALID}/result_vis/", "the same beside a valid clip", optional=True
        ),
    ),
    ArtifactKind(
        "dataset_index",
        "index",
        (
            FileKind("manifest", "index/manifest.parquet", "one row per clip"),
            FileKind("summary", "index/summary.json", "yield, failures, accuracy"),
            FileKind("gallery", "index/gallery/", "index.html and its data"),
        ),
    ),
)

ARTIFACTS: Final[dict[str, ArtifactKind]] = {kind.name: kind for kind in _KINDS}


def upstream_subject(asset: str, subject: Subject) -> Subject:
    """The partition of an upstream asset that a partition reads: a clip's object, or itself."""
    if ARTIFACTS[asset].scope == "object" and isinstance(subject, ClipId):
        return subject.object_id
    return subject
