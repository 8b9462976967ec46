"""The names that an optimizer's stage may hold: variables, loss terms and their parameters.

They stand here as plain names, so that a file is checked without loading torch; a test holds them
against ``core.optimizer``.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from hoi_platform.core.config.base import hint

VARIABLES: Final = (
    "human_trans_global",
    "human_trans_res",
    "human_pose_res",
    "obj_t_res",
    "obj_R_res",
)

# Term → its parameters besides the weight.
TERMS: Final[dict[str, tuple[str, ...]]] = {
    "contact": ("depth_only", "max_contact_dist", "duration", "window_size", "top_k"),
    "contact_smoothness": ("window", "stride"),
    "depth_pointcloud": ("num_gt_samples", "trim_pct", "depth_tol", "interval"),
    "ground": ("height", "gravity_axis"),
    "human_foot_contact": ("threshold", "ground"),
    "human_global_init_reg": (),
    "human_pose_reg": (),
    "human_smoothness": ("beta",),
    "human_traj_reg": (),
    "keypoint_tracking": ("beta", "duration", "robust_px", "conf_thres"),
    "obj_precontact_reg": (),
    "obj_rot_reg": ("robust_rad",),
    "obj_smoothness": ("beta",),
    "obj_traj_reg": ("robust_m", "depth_share"),
    "penetration": ("tolerance",),
    "verts_tracking": ("robust_px",),
}

# Parameters of GRAIL's terms that load; the table of keys says which values are not refused.
GRAIL_ONLY: Final[dict[str, tuple[str, ...]]] = {
    "contact": ("threshold",),
    "depth_pointcloud": ("duration",),
    "verts_tracking": ("threshold",),
}


def unknown_names(
    stage: str, variables: Iterable[str], terms: Mapping[str, Iterable[str]]
) -> list[str]:
    """One line per unknown variable, term or parameter of a stage, with the nearest name."""
    where = f"optimization.opt_stage_specs.{stage}"
    mistakes = [
        f"{where}.opt_vars: unknown variable {name!r}; {hint(name, VARIABLES)}"
        for name in variables
        if name not in VARIABLES
    ]
    for term, parameters in terms.items():
        if term not in TERMS:
            mistakes.append(f"{where}.loss_cfg: unknown term {term!r}; {hint(term, [*TERMS])}")
            continue
        known = (*TERMS[term], *GRAIL_ONLY.get(term, ()), "weight")
        mistakes += [
            f"{where}.loss_cfg.{term}.{name}: unknown key; {hint(name, known)}"
            for name in parameters
            if name not in known
        ]
    return mistakes
