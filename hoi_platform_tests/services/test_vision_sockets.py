"""The sockets of hands and contact: what stands behind them is asked, and changes no bit."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from hoi_platform.core.config.recon_4dhoi import ContactConfig
from hoi_platform.core.geometry.camera import look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.contacts import label_contacts
from hoi_platform.services.video.codec import Frame, Video
from hoi_platform.services.vision.contact.geometric import GeometricLabeler
from hoi_platform.services.vision.contact.protocol import ContactRequest
from hoi_platform.services.vision.hands.protocol import Side
from hoi_platform.services.vision.human_pose.landmark_track import LandmarkTrack
from hoi_platform.services.vision.human_pose.mediapipe_detector import _Look
from hoi_platform_tests.hoi_samples import box_mesh, object_path, standing, stick_body

FRAMES = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)


class _Recorder:
    """Finds one hand at a fixed place and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[Side, np.ndarray]] = []

    def track(
        self,
        frames: Sequence[Frame] | Frame,
        pose: LandmarkTrack,
        side: Side,
        on_frame: Callable[[], None],
    ) -> LandmarkTrack:
        self.shown.append((side, np.asarray(frames)))
        found = LandmarkTrack.empty(len(frames), 21)
        found.uv_confidence[:] = (1.0, 2.0, 0.9)
        found.metric[:] = (0.1, 0.2, 0.3)
        return found


@pytest.mark.parametrize("mirror", [False, True])
def test_the_hand_tracker_is_asked_for_each_look(mirror: bool) -> None:
    """Another hand backend would be configured and MediaPipe asked, or the sides swapped."""
    recorder, pose = _Recorder(), LandmarkTrack.empty(2, 33)
    look = _Look(FRAMES, np.zeros((4, 6), bool), lambda: None, mirror)
    found = look.hand(recorder, pose, "left")
    ((side, frames),) = recorder.shown
    assert side == ("right" if mirror else "left")
    np.testing.assert_array_equal(frames, FRAMES[:, :, ::-1] if mirror else FRAMES)
    assert found.uv_confidence[0, 0, 0] == (5.0 if mirror else 1.0)


def test_the_geometric_labels_are_those_of_the_core() -> None:
    """The socket would change labels, hence all reconstructions."""
    mesh = TriangleMesh(*box_mesh())
    camera = look_at(64, 36, 70.0, np.array([0.0, 3.0, 1.0]), np.array([0.0, 0.0, 0.9]))
    body, motion, config = stick_body(), standing(12), ContactConfig(distance_m=0.5)
    poses = object_path(12, (0.6, 0.0, 1.3))

    def no_video() -> Video:
        raise AssertionError("geometry looks at no frame")

    seen = np.ones((12, 2))
    request = ContactRequest(no_video, camera, body, motion, mesh, poses, seen, config)
    found = GeometricLabeler().label(request)
    expected = label_contacts(body, motion, mesh, poses, camera, seen, config)
    assert found.to_json() == expected.to_json()
