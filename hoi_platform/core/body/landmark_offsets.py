"""Where MediaPipe puts its landmarks relative to the anatomical anchors of ``keypoints``.

Measured on rendered people of random shape, pose and view, none of them a shipped character; made
by ``python -m hoi_platform_tests.benchmarks.landmark_offsets``, which prints this table.
"""

from typing import Final

# In statures, in the rest frame (+x to the body's left, +y up, +z forward); right sides mirror.
OFFSETS: Final[dict[str, tuple[float, float, float]]] = {
    "nose": (0.00045, 0.01036, -0.00868),
    "left_eye": (-0.00245, 0.00307, -0.00904),
    "left_ear": (-0.02063, -0.00317, 0.02255),
    "mouth_left": (-0.00482, 0.00861, -0.00118),
    "left_shoulder": (-0.00889, 0.00444, 0.00716),
    "left_elbow": (-0.01018, -0.00111, 0.00676),
    "left_wrist": (0.00305, -0.00292, 0.00069),
    "left_pinky": (-0.00696, -0.00524, 0.01720),
    "left_index": (-0.01443, -0.01331, -0.00752),
    "left_thumb": (-0.01331, 0.01188, -0.02643),
    "left_hip": (-0.00743, -0.00873, 0.01474),
    "left_knee": (-0.00430, -0.00113, 0.00106),
    "left_ankle": (0.00229, 0.01643, -0.00368),
    "left_heel": (-0.00534, 0.00512, 0.00599),
    "left_foot_index": (-0.00115, 0.00300, -0.01541),
    "left_hand_wrist": (0.00779, 0.00022, -0.00094),
    "left_hand_thumb_cmc": (-0.00545, -0.00541, 0.00121),
    "left_hand_thumb_mcp": (0.00221, -0.00077, 0.00094),
    "left_hand_thumb_ip": (-0.00048, 0.00092, -0.00357),
    "left_hand_thumb_tip": (-0.00388, 0.00312, -0.00392),
    "left_hand_index_mcp": (-0.00691, -0.00269, -0.00242),
    "left_hand_index_pip": (-0.00160, -0.00286, -0.00076),
    "left_hand_index_dip": (-0.00274, -0.00158, -0.00052),
    "left_hand_index_tip": (-0.00649, 0.00311, -0.00237),
    "left_hand_middle_mcp": (-0.00516, -0.00327, 0.00015),
    "left_hand_middle_pip": (-0.00225, -0.00259, 0.00126),
    "left_hand_middle_dip": (-0.00404, -0.00223, 0.00151),
    "left_hand_middle_tip": (-0.00622, 0.00106, 0.00111),
    "left_hand_ring_mcp": (-0.00476, -0.00365, 0.00072),
    "left_hand_ring_pip": (-0.00133, -0.00364, 0.00114),
    "left_hand_ring_dip": (-0.00206, -0.00327, 0.00191),
    "left_hand_ring_tip": (-0.00560, 0.00056, 0.00432),
    "left_hand_pinky_mcp": (-0.00544, -0.00250, 0.00250),
    "left_hand_pinky_pip": (-0.00264, -0.00247, 0.00115),
    "left_hand_pinky_dip": (-0.00155, -0.00214, 0.00118),
    "left_hand_pinky_tip": (-0.00351, 0.00178, 0.00367),
}
