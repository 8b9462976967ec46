"""How well contact between hands and object is reconstructed."""

from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.formats.contact_record import CONTACT_THRESHOLD_M, hand_vertices
from hoi_platform.core.geometry.object_surface import ObjectSurface

TOP_K: Final = 100
"""Number of vertices per hand; chosen: GRAIL does not publish its own."""


@dataclass(frozen=True)
class ContactScores:
    """Agreement of two (T, 2) records of contact; nan where nothing can be scored."""

    precision: float
    recall: float
    f1: float


def hands_in_contact(
    body: BodyModel,
    vertices: Float[Array, "T V 3"],
    surface: ObjectSurface,
    Ts_world_object: Float[Array, "T 4 4"],
) -> Bool[Mask, "T 2"]:
    """Whether the skin of the left and the right hand is within 5 cm of the object."""
    near = [
        surface.distances(vertices[:, hand], Ts_world_object, CONTACT_THRESHOLD_M).min(axis=1)
        for hand in hand_vertices(body)
    ]
    return np.isfinite(np.stack(near, axis=1))


def contact_scores(predicted: Bool[Mask, "T 2"], truth: Bool[Mask, "T 2"]) -> ContactScores:
    """Precision, recall and F1 over all frames and both hands, each pair one decision."""
    hits = int((predicted & truth).sum())
    found, real = int(predicted.sum()), int(truth.sum())
    return ContactScores(
        hits / found if found else nan,
        hits / real if real else nan,
        2 * hits / (found + real) if found + real else nan,
    )


def contact_distance_m(
    body: BodyModel,
    vertices: Float[Array, "T V 3"],
    surface: ObjectSurface,
    Ts_world_object: Float[Array, "T 4 4"],
    contact: Bool[Mask, "T 2"],
    top_k: int = TOP_K,
) -> float:
    """GRAIL's contact figure: mean distance of the ``top_k`` hand vertices nearest the object.

    Over the frames and hands of ``contact``; nan without any. GRAIL publishes neither its
    k nor whether distances go to vertices or surface: here 100 of a hand's vertices, to surface.
    """
    means = []
    for side, hand in enumerate(hand_vertices(body)):
        frames = np.flatnonzero(contact[:, side])
        distance = surface.distances(vertices[frames][:, hand], Ts_world_object[frames])
        means.append(np.sort(distance, axis=1)[:, :top_k].mean(axis=1))
    all_means = np.concatenate(means)
    return float(all_means.mean()) if len(all_means) else nan


def penetration_pct(
    vertices: Float[Array, "T V 3"], surface: ObjectSurface, Ts_world_object: Float[Array, "T 4 4"]
) -> float:
    """GRAIL's penetration figure: percent of body vertices inside the object, mean over frames."""
    return 100 * float(surface.inside(vertices, Ts_world_object).mean())
