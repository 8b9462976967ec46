"""Errors per stage: none for the truth itself, planted ones where they were planted."""

from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.keypoints import KEYPOINT_NAMES
from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.formats.contact_record import ContactPoints, ContactRecord
from hoi_platform.core.formats.ground_truth import GroundTruth
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.metrics.stages import StageResults, TrueClip, mask_iou, stage_errors
from hoi_platform.core.scene.actors import actor_masks, static_depth
from hoi_platform.core.scene.contacts import ContactLabels
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform_tests.core.scene.scenes import THING, standard_scene
from hoi_platform_tests.hoi_samples import object_path, standing, stick_body

FRAMES = 7
BODY = stick_body()


def true_clip() -> TrueClip:
    """A still person beside a lifted box in the standard scene."""
    spec = standard_scene().spec
    motion = standing(FRAMES, position=(0.0, -2.0))
    at = spec.T_world_object_array()[:3, 3]
    poses = object_path(FRAMES, tuple(at))
    camera, static = spec.camera.camera(), static_depth(spec)
    seen = [
        actor_masks(camera, TriangleMesh(v, BODY.faces), THING.transformed(pose), static)
        for v, pose in zip(motion.vertices(BODY), poses, strict=True)
    ]
    held = np.array([[False, t > 2] for t in range(FRAMES)])
    truth = GroundTruth(
        motion,
        poses,
        held,
        np.stack([s.object_mask for s in seen]),
        np.stack([s.human_mask for s in seen]),
    )
    return TrueClip(truth, BODY, spec, THING)


def perfect(true: TrueClip) -> StageResults:
    """What stages without any error would leave behind."""
    truth, camera = true.truth, true.spec.camera.camera()
    static = static_depth(true.spec)
    vertices = truth.motion.vertices(BODY)
    depth = [
        actor_masks(camera, TriangleMesh(v, BODY.faces), THING.transformed(T), static).depth
        for v, T in zip(vertices, truth.Ts_world_object, strict=True)
    ]
    human = HumanPoseEstimate(
        truth.motion,
        np.zeros((FRAMES, len(KEYPOINT_NAMES), 3)),
        np.ones((FRAMES, 2)),
        np.ones((FRAMES, NUM_JOINTS)),
    )
    result = HoiData.of(
        BODY,
        truth.motion,
        Ts_world_object=truth.Ts_world_object,
        obj_scale=np.ones(3),
        contact_points=ContactPoints.none(),
        contact=ContactRecord((), 8, 0, truth.contact),
        supports=(BoxSpec(pos=(1.0, 2.0, 0.4), size=(1.0, 0.6, 0.8), name="table"),),
    )
    finite = np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)
    return StageResults(
        BODY,
        human,
        SceneTracks(truth.object_masks, truth.human_masks, finite, np.ones((FRAMES, 2))),
        ObjectPoseTrack(truth.Ts_world_object, np.ones(FRAMES), np.zeros(FRAMES, bool)),
        ContactLabels([], 8, 0, truth.contact, truth.contact.astype(float)),
        result,
    )


def test_stages_without_error_have_none() -> None:
    """The measurement itself would charge a stage with errors."""
    true = true_clip()
    errors = stage_errors(perfect(true), true)
    assert errors["human_pose"]["mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    assert errors["scene_tracks"]["object_iou"] == 1
    assert errors["scene_tracks"]["object_depth_mm"] == pytest.approx(0, abs=1e-3)
    assert errors["object_pose"]["object_translation_moved_mm"] == pytest.approx(0, abs=1e-6)
    assert errors["contact_labels"]["label_f1"] == 1
    assert errors["reconstruction"]["mpjpe_mm"] == pytest.approx(0, abs=1e-6)


def test_an_error_is_charged_to_the_stage_that_made_it() -> None:
    """A stage would be improved that was right."""
    true = true_clip()
    found = perfect(true)
    shifted = found.track.Ts_world_object.copy()
    shifted[:, 0, 3] += 0.02
    wrong = replace(found, track=replace(found.track, Ts_world_object=shifted))
    errors, none = stage_errors(wrong, true), stage_errors(found, true)
    assert errors["object_pose"]["object_translation_moved_mm"] == pytest.approx(20)
    others = {name: row for name, row in errors.items() if name != "object_pose"}
    assert others == {name: row for name, row in none.items() if name != "object_pose"}


def test_a_body_of_another_size_is_measured_as_such() -> None:
    """The estimate's joints would be computed on the true body, which it does not know."""
    true = true_clip()
    larger = replace(BODY, rest_joints=1.05 * BODY.rest_joints)
    errors = stage_errors(replace(perfect(true), body=larger), true)
    rest = np.linalg.norm(BODY.rest_joints[:22], axis=-1).mean()
    assert errors["human_pose"]["mpjpe_mm"] == pytest.approx(1000 * 0.05 * rest, rel=1e-6)


def test_overlap_of_masks() -> None:
    """Two empty masks agree; halves overlap by a third."""
    a, b = np.zeros((3, 2, 4), bool), np.zeros((3, 2, 4), bool)
    a[1, :, :2], b[1, :, 1:3] = True, True
    a[2] = True
    assert mask_iou(a, b) == pytest.approx([1.0, 1 / 3, 0.0])
