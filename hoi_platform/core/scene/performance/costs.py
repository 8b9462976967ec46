"""What the search for a plan pays for: every weight of it in one place.

Costs are numbers without unit, 0 for what is natural; fields named ``most_…`` are the limits.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np


@dataclass(frozen=True)
class Costs:
    """Weights per unit of what they punish; all chosen, so that motions look natural."""

    spin: float = 0.5
    """Per half turn (π rad) of the hand about a hinted grip's axis."""
    thumb_down: float = 1.5
    """For a thumb at the lower end of a hinted grip."""
    tilt: float = 1.0
    """Per radian between the hand and a hinted grip's axis."""
    slide: float = 10.0
    """Per meter along a hinted grip's axis."""
    too_thick: float = 2.0
    """For a place where the object is thicker than the hand spans."""
    off_center: float = 1.5
    """Per diagonal of the object, from its centroid to the grip."""
    thickness: float = 1.0
    """Per span of the hand, of the object's thickness."""

    opposition: float = 1.5
    """Per 1 + cosine of the normals below thumb or palm and fingers: 0 to 2."""
    missing_finger: float = 0.4
    """Per finger that does not touch."""
    missing_thumb: float = 0.5
    """For a thumb that does not touch."""
    palm_gap: float = 15.0
    """Per meter between palm and object."""
    approach: float = 40.0
    """Per meter by which the free way to the object is too short."""

    lean: float = 0.8
    """Per unit of lean (``reaching.LEANS``)."""
    shoulder: float = 0.3
    """Per fourth power of the used fraction of the joint's range."""
    elbow: float = 0.5
    """As ``shoulder``; bending is free."""
    wrist: float = 1.5
    """As ``shoulder``: hands turn with the forearm rather than alone."""
    excess: float = 30.0
    """Per radian beyond a joint's range."""
    swivel_rad: float = np.deg2rad(60.0)
    """Radians off the relaxed swivel of the elbow that cost 1, by their square."""
    arm_in_table: float = 200.0
    """Per meter of a forearm in a support."""
    arm_in_trunk: float = 10.0
    """Per fraction of the trunk's half width by which an arm is in it."""
    out_of_reach: float = 1e3
    """More than any limit allows."""

    object_in_trunk: float = 60.0
    """Per fraction of the trunk's half width by which a held object is in it."""
    object_near_head: float = 200.0
    """Per meter of a held object within 15 % of the stature of the head's center."""

    most_grasp: float = 5.0
    """A grasp that costs as much is no grip."""
    most_reach: float = 8.0
    """A reach that costs as much is too awkward for a grasp."""
    most_hold_reach: float = 6.0
    """The same for holding the object up."""
    most_hold: float = 20.0
    """A hold that costs as much, object and variety included, is dropped."""
    grasp_variety: float = 0.1
    """Scale of the Gumbel noise by which grasps of similar cost take turns."""
    hold_variety: float = 0.25
    """The same for holds."""


COSTS: Final = Costs()
