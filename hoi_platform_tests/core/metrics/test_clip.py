"""A whole clip's accuracy against planted errors."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.contact_record import ContactPoints, ContactRecord
from hoi_platform.core.formats.ground_truth import GroundTruth
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.metrics.clip import ClipAccuracy, evaluate_clip
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform_tests.hoi_samples import box_mesh, moving, object_path, stick_body

FRAMES = 10
BODY = stick_body()
MESH = TriangleMesh(*box_mesh((0.3, 0.2, 0.1)))
MOTION = moving(FRAMES, np.random.default_rng(3))
POSES = object_path(FRAMES, (0.4, 1.2, 0.8))
HELD = np.array([[False, t > 4] for t in range(FRAMES)])
NO_MASKS = np.zeros((FRAMES, 2, 2), bool)
TRUTH = GroundTruth(MOTION, POSES, HELD, NO_MASKS, NO_MASKS)


def _result(shift: tuple[float, float, float] = (0, 0, 0), lift: float = 0.0) -> HoiData:
    motion = replace(MOTION, translation=MOTION.translation + np.array(shift))
    Ts = POSES.copy()
    Ts[:, 2, 3] += lift
    return HoiData.of(
        BODY,
        motion,
        Ts_world_object=Ts,
        obj_scale=np.ones(3),
        contact_points=ContactPoints.none(),
        contact=ContactRecord((), 8, 0, HELD),
        supports=(BoxSpec(pos=(1.0, 2.0, 0.4), size=(1.0, 0.6, 0.8), name="table"),),
    )


def test_the_truth_has_no_error() -> None:
    """A perfect reconstruction would be charged with errors of the measurement."""
    found = evaluate_clip(_result(), TRUTH, BODY, MESH)
    for name in ("mpjpe_mm", "pa_mpjpe_mm", "hand_joint_mm", "object_translation_mm", "add_s_mm"):
        assert getattr(found, name) == pytest.approx(0, abs=1e-4), name
    assert found.object_rotation_deg == pytest.approx(0, abs=1e-4)
    assert found.add_s_auc == pytest.approx(1)
    assert found.contact_label_f1 == 1
    assert found.frames == FRAMES


def test_planted_errors_are_reported_in_their_units() -> None:
    """Meters would be reported as millimeters, or person and object be mixed up."""
    found = evaluate_clip(_result((0.03, 0.0, 0.04), lift=0.02), TRUTH, BODY, MESH)
    assert found.mpjpe_mm == pytest.approx(50)
    assert found.root_aligned_mpjpe_mm == pytest.approx(0, abs=1e-6)
    assert found.object_translation_mm == pytest.approx(20)
    assert found.add_mm == pytest.approx(20)
    assert found.add_auc == pytest.approx(0.8)


def test_packaged_and_cut_results_are_compared_in_the_scene() -> None:
    """A packaged clip would be meters off, because its origin is the table."""
    whole = evaluate_clip(_result(), TRUTH, BODY, MESH)
    packaged = evaluate_clip(_result().packaged(), TRUTH, BODY, MESH)
    assert packaged.mpjpe_mm == pytest.approx(0, abs=1e-6)
    assert packaged.object_translation_mm == pytest.approx(0, abs=1e-6)
    cut = evaluate_clip(_result().first(6), TRUTH, BODY, MESH)
    assert cut.frames == 6
    assert cut.mpjpe_mm == pytest.approx(0, abs=1e-6)
    assert whole.jitter_m_s3 > 0


def test_another_video_is_refused() -> None:
    """A truth of another clip would give a number that means nothing."""
    short = replace(TRUTH, motion=MOTION[:5])
    with pytest.raises(BadInputError, match="has 10 frames, the ground truth 5"):
        evaluate_clip(_result(), short, BODY, MESH)


def test_json_has_no_nan() -> None:
    """Readers of strict JSON would refuse the file where nothing could be scored."""
    far = evaluate_clip(_result(lift=5.0), TRUTH, BODY, MESH)
    data = json.loads(json.dumps(far.to_json(), allow_nan=False))
    assert set(data) == set(ClipAccuracy.__dataclass_fields__)
    assert data["contact_precision"] is None
