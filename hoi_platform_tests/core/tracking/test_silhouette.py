"""The rim of the rendering, and the edges that the image shows near it."""

import numpy as np
import pytest
import trimesh

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.tracking.frames import FrameEvidence, frame_evidence
from hoi_platform.core.tracking.lighting import Lighting
from hoi_platform.core.tracking.silhouette import Edges, contour_of, edges_of, uncovered_rim
from hoi_platform.core.tracking.surface import surface_of
from hoi_platform.core.tracking.view import ObjectModel, SurfaceCaster, View
from hoi_platform_tests.core.tracking.shots import CAMERA, CONFIG

_T = rigid(np.eye(3), np.array([0.0, 0.0, 1.0]))
_RADIUS = 0.12
_RADIUS_PX = CAMERA.focal_px * _RADIUS
_MIDDLE = np.array([CAMERA.width_px, CAMERA.height_px]) / 2
_FORE, _BACK = np.array([0.8, 0.3, 0.2]), np.array([0.1, 0.2, 0.5])


def _disk() -> ObjectModel:
    """A thin disk before the camera, its rim a circle about the image's middle."""
    disk = trimesh.creation.cylinder(radius=_RADIUS, height=1e-4, sections=180)
    part = MeshPart(np.array(disk.vertices), np.array(disk.faces), Material("disk"))
    surface = surface_of(TexturedMesh((part,)), np.ones(3), 0.01)
    return ObjectModel(SurfaceCaster(surface, CAMERA), Lighting(np.zeros((13, 3))))


def _disk_view(stride: float = 1.0) -> View:
    view = _disk().caster.view(_T, stride, 8)
    assert view is not None
    return view


def _edges(view: View, color: Array, frame: FrameEvidence) -> Edges:
    """The edges about a view that is rendered in one color."""
    colors = np.tile(color, (len(view.depth), 1))
    return edges_of(view, colors, uncovered_rim(view, frame, CAMERA), frame, _disk())


def _frame(radius_px: float, shift_px: Array, human: np.ndarray | None = None) -> FrameEvidence:
    """A disk of one color, its border blended by the share of each pixel that it covers."""
    away = radius_px - np.linalg.norm(CAMERA.pixel_centers() - _MIDDLE - shift_px, axis=-1)
    cover = np.clip(away + 0.5, 0, 1)[..., None]
    rgb = np.round(255 * (cover * _FORE + (1 - cover) * _BACK)).astype(np.uint8)
    nobody = np.zeros(CAMERA.shape, bool) if human is None else human
    plate = np.tile(_BACK.astype(np.float32), (*CAMERA.shape, 1))
    return frame_evidence(rgb, (away >= 0) & ~nobody, nobody, plate, CONFIG.blur_px)


def test_the_rim_is_one_sample_wide_and_whole() -> None:
    """Points inside of the surface would count as silhouette, or most of it be left out."""
    view, frame = _disk_view(), _frame(_RADIUS_PX, np.zeros(2))
    rim = uncovered_rim(view, frame, CAMERA)
    away = np.linalg.norm(view.grid[rim] - _MIDDLE, axis=1)
    assert (np.abs(away - (_RADIUS_PX - 0.6)) < 1.2).all()
    angle = np.arctan2(*(view.grid[rim] - _MIDDLE).T)
    assert len(np.unique(np.round(angle / np.radians(10)))) == 37
    contour = contour_of(view, rim, frame)
    assert len(contour.p_object) == rim.sum()
    assert np.linalg.norm(contour.p_object[:, :2], axis=1) == pytest.approx(_RADIUS, rel=0.06)
    assert contour.distance == pytest.approx(-0.5, abs=0.6)
    assert not contour.beside_human.any()


def test_the_rim_is_left_out_where_a_hand_covers_it() -> None:
    """The object would be pulled to the hand's outline; where a body only touches, it is kept."""
    view = _disk_view()
    centers = CAMERA.pixel_centers() - _MIDDLE
    hand = np.linalg.norm(centers - [_RADIUS_PX, 0], axis=-1) < 9
    rim = uncovered_rim(view, _frame(_RADIUS_PX, np.zeros(2), hand), CAMERA)
    near = np.linalg.norm(view.grid - _MIDDLE - [_RADIUS_PX, 0], axis=-1) < 12
    assert not (rim & near).any()
    whole = uncovered_rim(view, _frame(_RADIUS_PX, np.zeros(2)), CAMERA)
    assert rim[~near].sum() > 0.8 * whole[~near].sum()
    behind = np.linalg.norm(centers, axis=-1) > _RADIUS_PX - 1
    touched = _frame(_RADIUS_PX, np.zeros(2), behind)
    beside = uncovered_rim(view, touched, CAMERA)
    assert beside.sum() > 0.9 * whole.sum()
    assert contour_of(view, beside, touched).beside_human.all()


def test_the_rim_at_the_images_border_is_no_contour() -> None:
    """An object that leaves the image would be held back by the border."""
    out = rigid(np.eye(3), np.array([_MIDDLE[0] / CAMERA.focal_px, 0.0, 1.0]))
    view = _disk().caster.view(out)
    rim = uncovered_rim(view, _frame(_RADIUS_PX, np.array([_MIDDLE[0], 0.0])), CAMERA)
    assert rim.any()
    assert (view.grid[rim][:, 0] < CAMERA.width_px - 2).all()


@pytest.mark.parametrize("grown_px", [-1.2, -0.4, 0.0, 0.5, 1.5])
@pytest.mark.parametrize("stride", [1 / 3, 1.0])
def test_an_edge_is_measured_to_a_fraction_of_a_pixel(grown_px: float, stride: float) -> None:
    """A pixel of error in the silhouette is centimeters of depth."""
    view = _disk_view(stride)
    frame = _frame(_RADIUS_PX + grown_px, np.zeros(2))
    edges = _edges(view, _FORE, frame)
    assert len(edges.offset) > 2 * _RADIUS_PX
    away = edges.start - _MIDDLE
    outward = away / np.linalg.norm(away, axis=1, keepdims=True)
    assert (edges.normal * outward).sum(axis=1).min() > 0.95
    # Far edges are drawn a little nearer by the blur; the next rendering makes up for it.
    assert np.median(edges.offset) == pytest.approx(grown_px, abs=0.15 + 0.25 * abs(grown_px))
    spread = np.ptp(np.percentile(edges.offset, [10, 90]))
    assert spread < (0.4 if stride < 1 else 0.8)
    # The contrast is 0.77: the colors' noise adds little to that of the mesh.
    assert np.sqrt(edges.variance) == pytest.approx(0.255, abs=0.02)


def test_a_shifted_object_has_offsets_of_both_signs() -> None:
    """Sideways motion would be taken for a change of size."""
    view = _disk_view()
    frame = _frame(_RADIUS_PX, np.array([1.0, 0.0]))
    edges = _edges(view, _FORE, frame)
    slope = np.polyfit(edges.normal[:, 0], edges.offset, 1)
    assert slope == pytest.approx([1.0, 0.0], abs=0.2)


def test_what_is_not_the_objects_color_gives_no_edge() -> None:
    """The outline of something in front would be taken for the object's."""
    view, frame = _disk_view(), _frame(_RADIUS_PX, np.zeros(2))
    assert len(_edges(view, _FORE[::-1], frame).offset) == 0
    flat = frame_evidence(
        np.tile(np.round(255 * _BACK).astype(np.uint8), (*CAMERA.shape, 1)),
        frame.mask,
        frame.human,
        frame.plate,
        CONFIG.blur_px,
    )
    assert len(_edges(view, _BACK, flat).offset) == 0
