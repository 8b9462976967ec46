"""The sockets of hands and contact: what stands behind them is asked, and changes no bit."""

from pathlib import Path

import numpy as np

from hoi_platform.core.arrays import Progress
from hoi_platform.core.body.keypoints import KEYPOINT, LEFT_HAND_KEYPOINTS, RIGHT_HAND_KEYPOINTS
from hoi_platform.core.config.recon_4dhoi import ContactConfig
from hoi_platform.core.geometry.camera import look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.contacts import label_contacts
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.contact.geometric import GeometricLabeler
from hoi_platform.services.vision.contact.protocol import ContactRequest
from hoi_platform.services.vision.hands.protocol import HandsRequest
from hoi_platform.services.vision.human_pose.landmark_track import LandmarkTrack
from hoi_platform.services.vision.human_pose.mediapipe_detector import detect_keypoints
from hoi_platform_tests.hoi_samples import box_mesh, object_path, standing, stick_body

FRAMES = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)


class _Recorder:
    """Finds both hands at fixed places and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[HandsRequest] = []

    def track(
        self, request: HandsRequest, *, progress: Progress | None = None
    ) -> tuple[LandmarkTrack, LandmarkTrack]:
        self.asked.append(request)
        hands = []
        for u in (1.0, 5.0):
            found = LandmarkTrack.empty(len(request.video), 21)
            found.uv_confidence[:] = (u, 2.0, 0.9)
            found.metric[:] = (0.1, 0.2, 0.3)
            hands.append(found)
        return hands[0], hands[1]


def test_the_configured_hand_tracker_is_asked_once() -> None:
    """Another hand backend would be configured and MediaPipe asked, or the sides swapped."""
    recorder = _Recorder()
    camera = look_at(6, 4, 5.0, np.array([0.0, 3.0, 1.0]), np.array([0.0, 0.0, 0.9]))
    video = Video(FRAMES, 24.0)
    found = detect_keypoints(video, camera, np.zeros((4, 6), bool), hand_tracker=recorder)
    (asked,) = recorder.asked
    assert asked.video is video
    assert asked.body.uv_confidence.shape == (2, 33, 3)
    for names, u in ((LEFT_HAND_KEYPOINTS, 1.0), (RIGHT_HAND_KEYPOINTS, 5.0)):
        rows = [KEYPOINT[name] for name in names]
        assert (found.keypoints_px[:, rows, 0] == u).all()


def test_the_geometric_labels_are_those_of_the_core() -> None:
    """The socket would change labels, hence all reconstructions."""
    mesh = TriangleMesh(*box_mesh())
    camera = look_at(64, 36, 70.0, np.array([0.0, 3.0, 1.0]), np.array([0.0, 0.0, 0.9]))
    body, motion, config = stick_body(), standing(12), ContactConfig(distance_m=0.5)
    poses = object_path(12, (0.6, 0.0, 1.3))

    def no_video() -> Video:
        raise AssertionError("geometry looks at no frame")

    seen = np.ones((12, 2))
    scale, file = (1.0, 1.0, 1.0), Path("model.obj")
    request = ContactRequest(no_video, camera, body, motion, mesh, file, scale, poses, seen, config)
    found = GeometricLabeler().label(request)
    expected = label_contacts(body, motion, mesh, poses, camera, seen, config)
    assert found.to_json() == expected.to_json()
