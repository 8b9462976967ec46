"""Pictures of motions: the optimizer's, a performance's, a falling object's."""

import json

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial import ConvexHull

from hoi_platform.core.arrays import Array
from hoi_platform.core.config.gen_2dhoi import SimulationConfig
from hoi_platform.core.formats.contact_record import hand_vertices
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.geometry.rotations import nearest_rotation
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.physics import settling
from hoi_platform.core.scene.performance.kind import Performance
from hoi_platform.core.scene.performance.kinds.manipulation import perform
from hoi_platform.core.scene.performance.surroundings import Solid
from hoi_platform.core.scene.seeds import performance_seed
from hoi_platform.services.blender.bullet_drop import BulletDrop
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.blender.settle import _DAMPING, _PERIODS, start_pose
from hoi_platform.services.meshes.library import library_object
from hoi_platform_tests.benchmarks.method_pictures.shown_clip import ShownClip

_BEFORE, _AFTER = "#999999", "#1f5fbf"
_DASHES = ("-", "--")
_BASE_SEED = SimulationConfig().seed
_TILT_DEG = 20.0
"""Largest tilt of the drop: more than the stage's own 2 degrees, so that the body topples."""
_APART_CM = 30.0


def optimizer(clip: ShownClip) -> Figure:
    """Loss per term, and the errors of object and joints before and after."""
    folder = clip.store.path("reconstruction", "data", clip.clip).parent
    losses = json.loads((folder / "losses.json").read_text())
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, upper = figure.subfigures(1, 2, width_ratios=(1.5, 1))
    axes = left.subplots()
    for i, (name, values) in enumerate(losses.items()):
        shown = np.where(np.array(values) > 0, values, np.nan)
        axes.semilogy(shown, color=f"C{i % 10}", ls=_DASHES[i // 10], linewidth=1.1, label=name)
    axes.set(xlabel="iteration (contact_opt begins at 400)", ylabel="weighted loss")
    left.legend(loc="outside right upper", fontsize=7.5, frameon=False)
    top, bottom = upper.subplots(2, 1, sharex=True)
    result, truth = clip.results.result, clip.true.truth
    for label, color, Ts in (
        ("tracked", _BEFORE, clip.results.track.Ts_world_object),
        ("optimized", _AFTER, result.Ts_world_object),
    ):
        top.plot(1000 * _object_error(clip, Ts), color=color, label=label)
    top.set(ylabel="object (mm)")
    top.legend(fontsize=8, frameon=False)
    true_joints = truth.motion.joints(clip.true.body)
    for label, color, joints in (
        ("fitted", _BEFORE, clip.results.human.motion.joints(clip.results.body)),
        ("optimized", _AFTER, result.joints),
    ):
        error = np.linalg.norm(joints - true_joints, axis=-1)[:, :22].mean(axis=1)
        bottom.plot(1000 * error, color=color, label=label)
    bottom.set(xlabel="frame", ylabel="body joints, mean (mm)")
    bottom.legend(fontsize=8, frameon=False)
    return figure


def _object_error(clip: ShownClip, Ts: Array) -> Array:
    center = clip.true.mesh.surface_centroid[None]
    truth = transform_points(clip.true.truth.Ts_world_object, center)
    return np.linalg.norm(transform_points(Ts, center) - truth, axis=-1)[:, 0]


def performance(clip: ShownClip) -> Figure:
    """Four frames, the phases, the object's height and the hands' distance."""
    acted = _performed(clip)
    truth = clip.true.truth
    fps = truth.motion.fps
    seconds = np.arange(len(truth.contact)) / fps
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.1))
    times = [acted.phases[i][2] for i in (0, 2, 3, 5)]
    for axes, time in zip(np.ravel(top.subplots(1, 4)), times, strict=True):
        t = min(round(time * fps), len(seconds) - 1)
        axes.imshow(clip.video.frames[t][:, 130:560])
        axes.set_title(f"{time:.1f} s", fontsize=10)
        axes.set_axis_off()
    axes = bottom.subplots()
    for i, (name, start, end) in enumerate(acted.phases):
        axes.axvspan(start, end, color="k", alpha=0.04 + 0.06 * (i % 2))
        axes.text((start + end) / 2, 47, name, ha="center", fontsize=8)
    rise = truth.Ts_world_object[:, 2, 3] - truth.Ts_world_object[0, 2, 3]
    axes.plot(seconds, 100 * rise, color=_AFTER, label="rise of the object (cm)")
    for side, style, distance in zip(("left", "right"), ("--", "-"), _gaps(clip).T, strict=True):
        axes.plot(
            seconds,
            np.minimum(100 * distance, 45),
            "k" + style,
            label=f"{side} hand to surface (cm)",
        )
    touching = truth.contact.any(axis=1)
    axes.fill_between(
        seconds, -3, -1, where=touching, color="#c22", step="mid", label="contact label"
    )
    axes.set(xlabel="seconds", ylim=(-4, 51), xlim=(0, seconds[-1]))
    axes.legend(fontsize=8, frameon=False, loc=(0.01, 0.44))
    return figure


def _performed(clip: ShownClip) -> Performance:
    """The same performance once more, for its phases. Raises ValueError when it is another."""
    truth = clip.true.truth
    acted = perform(
        clip.true.body,
        clip.true.spec,
        clip.true.mesh,
        frames=len(truth.contact),
        fps=truth.motion.fps,
        rng=np.random.default_rng(performance_seed(_BASE_SEED, clip.clip)),
        grasp=library_object(clip.clip.object_id.category).grasp,
    )
    if not np.allclose(acted.Ts_world_object, truth.Ts_world_object, atol=1e-6):
        raise ValueError("the clip's performance is another one: make the clip again")
    return acted


def _gaps(clip: ShownClip) -> Array:
    """(T, 2) distance of the left and the right hand to the object's surface (m)."""
    solid, truth, body = Solid.of(clip.true.mesh), clip.true.truth, clip.true.body
    columns = []
    for ids in hand_vertices(body):
        world = truth.motion.vertices(body.subset(ids))
        local = transform_points(inverse(truth.Ts_world_object), world)
        columns.append(solid.distance(local).min(axis=1))
    return np.stack(columns, axis=-1)


def settling_drop(clip: ShownClip) -> Figure:
    """The hull from the side as it falls, lands and lies flush; its lowest point over time."""
    mesh = load_obj(clip.mesh_obj, clip.true.spec.object_scale)
    config = SimulationConfig(initial_rotation_perturbation=_TILT_DEG)
    with BlenderService(threads=1) as blender:
        drop = BulletDrop(blender, settling.rigid_hull(mesh.vertices, mesh.faces))
        start = start_pose(drop.hull, config, np.random.default_rng(1))
        duration = _PERIODS[0] * config.settling_time
        poses = drop.run(start, duration, damping=_DAMPING, stop_when_still=True, pad=True)
    flush = settling.flush(drop.hull, nearest_rotation(poses[-1, :3, :3]))
    heights = 100 * np.array([settling.lowest(drop.hull, T) for T in poses])
    seconds = np.arange(len(poses)) * drop.dt_s
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(1.5, 1))
    landed, last = int(np.argmax(heights < 0.05)), len(poses) - 1
    shown = [0, landed, *(landed + round(s * (last - landed)) for s in (0.35, 0.45, 0.5)), last]
    for i, t in enumerate(shown):
        _outline(upper, transform_points(poses[t], drop.hull.centered), _APART_CM * i, "k")
        upper.text(_APART_CM * i, -3, f"{seconds[t]:.2f} s", ha="center", va="top")
    resting = drop.hull.centered @ flush.T
    resting[:, 2] -= resting[:, 2].min()
    _outline(upper, resting, _APART_CM * len(shown), _AFTER)
    margin = f"flush, margin {1000 * settling.support_margin(drop.hull, flush):.0f} mm"
    upper.text(_APART_CM * len(shown), -3, margin, ha="center", va="top")
    upper.axhline(0, color="#888", linewidth=0.8)
    upper.set(aspect="equal", ylabel="z (cm)", xticks=[], ylim=(-9, None))
    lower.plot(seconds, heights, "k", linewidth=1.1)
    lower.axhline(0, color="#888", linewidth=0.8)
    lower.set(xlabel="seconds", ylabel="lowest point (cm)", xlim=(0, seconds[-1]))
    return figure


def _outline(axes: Axes, points: Array, shift_cm: float, color: str) -> None:
    side = 100 * points[:, [0, 2]] + [shift_cm, 0]
    hull = side[ConvexHull(side).vertices]
    axes.plot(*np.concatenate([hull, hull[:1]]).T, color=color, linewidth=1.2)
