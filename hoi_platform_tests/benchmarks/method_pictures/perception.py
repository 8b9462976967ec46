"""Pictures of what is read off the video: masks, object pose, body."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Image, Mask
from hoi_platform.core.body.keypoints import keypoint_regressor
from hoi_platform.core.body.skeleton import JOINT, NUM_BODY_JOINTS, PARENTS
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.images import placed
from hoi_platform.core.segmentation.likelihood import HUMAN, OBJECT
from hoi_platform.core.segmentation.tracker import Tracker
from hoi_platform.services.vision.scene_tracks import SceneTracksRequest
from hoi_platform_tests.benchmarks.method_pictures.shown_clip import ShownClip, window_around

_PERSON, _OBJECT = np.array([235.0, 120.0, 20.0]), np.array([30.0, 120.0, 255.0])
_GREEN, _MAGENTA, _YELLOW = "#1fbf3a", "#ff2bd6", "#ffd400"
_HELD_AT = 0.2
"""Part of the held frames after which the frame that is shown stands: on the way up."""


def segmentation(clip: ShownClip) -> Figure:
    """Frame, prior, posterior, and the masks against the truth."""
    t = int(clip.held[int(_HELD_AT * len(clip.held))])
    frame, tracks, truth = clip.video.frames[t], clip.results.tracks, clip.true.truth
    prior, posterior = _beliefs(clip, t)
    cuts = [
        window_around(truth.human_masks[t] | truth.object_masks[t], 14),
        window_around(truth.object_masks[t], 12),
    ]
    judged = _judged(frame, tracks.human_masks[t], truth.human_masks[t], _PERSON)
    judged = _judged(judged, tracks.object_masks[t], truth.object_masks[t], _OBJECT)
    panels = {
        f"frame {t}": frame,
        "prior": _colored(frame, prior),
        "posterior": _colored(frame, posterior),
        "masks; red: missed, white: too much": judged,
    }
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    for row, cut in zip(figure.subplots(2, 4, height_ratios=(1.4, 1)), cuts, strict=True):
        for axes, (title, image) in zip(row, panels.items(), strict=True):
            shown = np.asarray(image[cut], np.uint8)
            _show(axes, shown, title if cut is cuts[0] else "")
    return figure


def _beliefs(clip: ShownClip, t: int) -> tuple[Array, Array]:
    """Prior and posterior (2, H, W) of person and object in frame ``t``, by the tracker itself."""
    tracker = Tracker(_request(clip).working_clip, SegmentationConfig())
    state = tracker.start()
    for earlier in range(1, t):
        state, _ = tracker.step(state, tracker.frame(earlier))
    seen = tracker.segment(state, tracker.frame(t))
    prior, posterior = (
        placed(layers[[HUMAN, OBJECT]], seen.window, tracker.clip.first_human.shape)
        for layers in (np.exp(seen.log_prior), seen.labels.posterior)
    )
    return prior, posterior


def _request(clip: ShownClip) -> SceneTracksRequest:
    plate_rgb, plate_depth = clip.plate
    return SceneTracksRequest(
        video=clip.video,
        camera=clip.camera,
        first_object_mask=clip.first_mask("masks"),
        first_human_mask=clip.first_mask("human_masks"),
        plate_rgb=plate_rgb,
        plate_depth=plate_depth,
        body=clip.results.body,
        human_motion=clip.results.human.motion,
    )


def _colored(frame: Image, beliefs: Array) -> Array:
    """The frame in gray under the probabilities (2, H, W) of person and object."""
    gray = np.repeat(frame.mean(axis=-1, keepdims=True), 3, axis=-1)
    for belief, color in zip(beliefs, (_PERSON, _OBJECT), strict=True):
        gray = gray + 0.8 * belief[..., None] * (color - gray)
    return gray


def _judged(frame: Array, mask: Mask, truth: Mask, color: Array) -> Array:
    result = np.asarray(frame, float).copy()
    result[mask & truth] = 0.45 * result[mask & truth] + 0.55 * color
    result[truth & ~mask] = [230, 0, 0]
    result[mask & ~truth] = 255
    return result


def object_tracking(clip: ShownClip) -> Figure:
    """Silhouettes of tracked and true pose in three frames, and the errors over time."""
    track, truth = clip.results.track, clip.true.truth
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.25, 1))
    times = clip.held[[0, len(clip.held) // 3, 2 * len(clip.held) // 3]]
    for axes, t in zip(np.ravel(top.subplots(1, 3)), times, strict=True):
        tracked = _silhouette(clip, track.Ts_world_object[t])
        true = _silhouette(clip, truth.Ts_world_object[t])
        cut = window_around(tracked | true, 24)
        _show(axes, clip.video.frames[t][cut], f"frame {t}, confidence {track.confidence[t]:.2f}")
        masks = {
            _YELLOW: clip.results.tracks.object_masks[t],
            _GREEN: true,
            _MAGENTA: tracked,
        }
        for color, mask in masks.items():
            axes.contour(mask[cut].astype(float), [0.5], colors=color, linewidths=1.6)
    left, right = bottom.subplots(1, 2)
    centers = [
        transform_points(Ts, clip.true.mesh.surface_centroid[None])[:, 0]
        for Ts in (track.Ts_world_object, truth.Ts_world_object)
    ]
    miss = 1000 * (centers[0] - centers[1])
    sight = clip.camera.T_world_cam[:3, 2]
    along = np.abs(miss @ sight)
    left.plot(along, color=_MAGENTA, label="along the line of sight")
    left.plot(np.sqrt(np.maximum((miss**2).sum(-1) - along**2, 0)), color="k", label="across it")
    left.set(xlabel="frame", ylabel="error of the center (mm)")
    left.legend(frameon=False)
    right.plot(track.confidence, color=_MAGENTA, label="tracker's confidence")
    right.plot(_ious(clip), color=_YELLOW, label="IoU of the mask with the truth")
    right.set(xlabel="frame", ylim=(0, 1.05))
    right.legend(frameon=False, loc="lower left")
    return figure


def _silhouette(clip: ShownClip, T_world_object: Array) -> Mask:
    mesh = clip.true.mesh
    vertices = transform_points(T_world_object, mesh.vertices)
    return rasterize(clip.camera, vertices, mesh.faces).silhouette


def _ious(clip: ShownClip) -> Array:
    a, b = clip.results.tracks.object_masks, clip.true.truth.object_masks
    both, either = (a & b).sum(axis=(1, 2)), (a | b).sum(axis=(1, 2))
    return both / np.maximum(either, 1)


def body_fitting(clip: ShownClip) -> Figure:
    """Detections, the fitted body's landmarks and the true skeleton, whole and at a hand."""
    import torch

    t, body = int(clip.held[len(clip.held) // 3]), clip.results.body
    human, true, camera = clip.results.human, clip.true.truth.motion, clip.camera
    regressor = keypoint_regressor(body)

    def landmarks(motion: object) -> Array:
        posed = body.pose(
            torch.as_tensor(motion.rotations[t : t + 1]),  # type: ignore[attr-defined]
            torch.as_tensor(motion.translation[t : t + 1]),  # type: ignore[attr-defined]
        )
        return camera.project(regressor.positions(posed)[0].numpy())

    fitted, actual = landmarks(human.motion), landmarks(true)
    detected = human.keypoints_px[t]
    bones = [camera.project(m.joints(body)[t]) for m in (human.motion, true)]
    whole = window_around(clip.true.truth.human_masks[t], 14)
    wrist = bones[1][JOINT["left_wrist" if _left_holds(clip) else "right_wrist"]].astype(int)
    near = tuple(slice(max(int(x) - 38, 0), int(x) + 38) for x in wrist[::-1])
    figure = Figure(figsize=(11, 4.9), layout="constrained")
    for axes, cut in zip(figure.subplots(1, 2), (whole, near), strict=True):
        _show(axes, clip.video.frames[t][cut], f"frame {t}")
        shift = np.array([cut[1].start, cut[0].start]) + 0.5
        for joints, color in zip(bones, (_MAGENTA, _GREEN), strict=True):
            for joint in range(1, NUM_BODY_JOINTS if cut is whole else len(joints)):
                line = joints[[PARENTS[joint], joint]] - shift
                axes.plot(*line.T, color=color, linewidth=1.2)
        size = 10 if cut is whole else 34
        axes.scatter(*(actual - shift).T, s=size, color=_GREEN, label="truth")
        axes.scatter(*(fitted - shift).T, s=size, color=_MAGENTA, marker="x", label="fit")
        dots = axes.scatter(
            *(detected[:, :2] - shift).T,
            s=size,
            c=detected[:, 2],
            cmap="cividis",
            vmin=0,
            vmax=1,
            edgecolors="k",
            linewidths=0.4,
            label="detected, bias removed",
        )
        axes.set_xlim(0, cut[1].stop - cut[1].start)
        axes.set_ylim(cut[0].stop - cut[0].start, 0)
    figure.colorbar(dots, ax=axes, label="certainty of a detection", shrink=0.8)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _left_holds(clip: ShownClip) -> bool:
    left, right = clip.true.truth.contact.sum(axis=0)
    return bool(left > right)


def _show(axes: Axes, image: NDArray[np.uint8], title: str) -> None:
    axes.imshow(image, interpolation="nearest")
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()
