"""How figures are named and written for people."""

from typing import Final, Literal, NamedTuple

Better = Literal["lower", "higher", "neither"]


class Label(NamedTuple):
    """A figure's name, its unit and the direction that is better."""

    text: str
    unit: str
    better: Better


ACCURACY: Final[dict[str, Label]] = {
    "mpjpe_mm": Label("MPJPE", "mm", "lower"),
    "root_aligned_mpjpe_mm": Label("MPJPE, root-aligned", "mm", "lower"),
    "pa_mpjpe_mm": Label("PA-MPJPE", "mm", "lower"),
    "hand_joint_mm": Label("Hand joints", "mm", "lower"),
    "wrist_relative_hand_joint_mm": Label("Hand joints, wrist-relative", "mm", "lower"),
    "object_translation_mm": Label("Object translation, median", "mm", "lower"),
    "object_translation_mean_mm": Label("Object translation, mean", "mm", "lower"),
    "object_rotation_deg": Label("Object rotation, median", "°", "lower"),
    "object_translation_moved_mm": Label("Object while moved", "mm", "lower"),
    "object_rotation_moved_deg": Label("Rotation while moved", "°", "lower"),
    "object_rotation_mean_deg": Label("Object rotation, mean", "°", "lower"),
    "add_mm": Label("ADD", "mm", "lower"),
    "add_s_mm": Label("ADD-S", "mm", "lower"),
    "add_auc": Label("ADD AUC, 0–100 mm", "", "higher"),
    "add_s_auc": Label("ADD-S AUC, 0–100 mm", "", "higher"),
    "contact_precision": Label("Contact precision", "", "higher"),
    "contact_recall": Label("Contact recall", "", "higher"),
    "contact_f1": Label("Contact F1", "", "higher"),
    "contact_label_f1": Label("Contact label F1", "", "higher"),
    "foot_slide_mm_s": Label("Foot slide", "mm/s", "lower"),
    "jitter_m_s3": Label("Jitter", "m/s³", "lower"),
    "penetration_pct": Label("Penetration", "%", "lower"),
    "contact_distance_m": Label("Contact distance", "m", "lower"),
    "human_smoothness_m": Label("Human smoothness", "m", "lower"),
    "object_smoothness_m": Label("Object smoothness", "m", "lower"),
    "frames": Label("Frames compared", "", "neither"),
}


def label(name: str) -> Label:
    """The label of a figure; one that is not known is shown under its own name."""
    return ACCURACY.get(name, Label(name.replace("_", " "), "", "neither"))
