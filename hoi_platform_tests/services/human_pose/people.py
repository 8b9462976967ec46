"""Rendered people with a known pose, for the detector's tests and its calibration."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.keypoints import keypoint_regressor
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.camera import Camera, default_focal_length_px, look_at
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.scene.clothing import body_colors
from hoi_platform.core.scene.performance.posture import R_PERSON_REST
from hoi_platform.services.video.codec import Frame

FPS = 24.0


@dataclass(frozen=True)
class FilmedPerson:
    """A clip of one person before a plain background."""

    body: BodyModel
    motion: BodyMotion
    camera: Camera
    frames: Frame
    first_mask: NDArray[np.bool_]

    def landmarks_px(self) -> Array:
        """(T, K, 2): where the landmarks really are."""
        rotations = torch.as_tensor(self.motion.rotations)
        posed = self.body.pose(rotations, torch.as_tensor(self.motion.translation))
        return self.camera.project(keypoint_regressor(self.body).positions(posed).numpy())


def reaching_motion(body: BodyModel, frames: int, rng: np.random.Generator) -> BodyMotion:
    """From arms at the sides both hands reach forward while the trunk bows; feet stay about."""
    s = np.linspace(0, 1, frames)[:, None]
    ease = s**3 * (10 - 15 * s + 6 * s**2)
    R = np.tile(np.eye(3), (frames, 55, 1, 1))
    R[:, 0] = R_PERSON_REST
    for side, mirror in zip(SIDES, (1.0, -1.0), strict=True):
        down, swing, bend = np.deg2rad(rng.uniform([62, 15, 10], [78, 80, 80]))
        hanging = matrix_from_axis_angle(np.array([0, 0, -mirror * down]))
        R[:, JOINT[f"{side}_shoulder"]] = matrix_from_axis_angle(-ease * [swing, 0, 0]) @ hanging
        elbow = np.array([0, -mirror, 0]) * (0.2 + ease * bend)
        R[:, JOINT[f"{side}_elbow"]] = matrix_from_axis_angle(elbow)
        wrist = ease * rng.uniform(-0.5, 0.5, 3) * [1, 0.5, 1]
        R[:, JOINT[f"{side}_wrist"]] = matrix_from_axis_angle(wrist)
        curl = 0.15 + ease * rng.uniform(0, 0.9)
        for finger in ("index", "middle", "ring", "pinky"):
            for i in (1, 2, 3):
                angles = curl * [0, 0, -mirror]
                R[:, JOINT[f"{side}_{finger}{i}"]] = matrix_from_axis_angle(angles)
    bow = ease * rng.uniform([0, -0.1, -0.05], [0.2, 0.1, 0.05])
    for joint in ("spine1", "spine2", "spine3", "neck", "head"):
        R[:, JOINT[joint]] = matrix_from_axis_angle(bow)
    floating = BodyMotion(R, np.zeros((frames, 3)), FPS)
    low = floating[:1].vertices(body)[0, :, 2].min()
    return BodyMotion(R, np.tile([0.0, 0.0, -low], (frames, 1)), FPS)


def random_camera(body: BodyModel, rng: np.random.Generator) -> Camera:
    """A 640 x 360 camera 2.4 to 3.4 statures of a child away, up to 45° off the front."""
    distance = rng.uniform(1.75, 2.4) * body.height_m
    azimuth, height = rng.uniform(-0.8, 0.8), rng.uniform(0.6, 1.1) * body.height_m
    eye = np.array([np.sin(azimuth) * distance, np.cos(azimuth) * distance, height])
    target = np.array([0.0, 0.0, rng.uniform(0.47, 0.55) * body.height_m])
    return look_at(640, 360, default_focal_length_px(640, 360), eye, target)


def film(
    body: BodyModel, motion: BodyMotion, camera: Camera, background: tuple[float, float, float]
) -> FilmedPerson:
    """Draw every frame with VTK, in the clothes of the default palette."""
    painter = _Painter(body, camera, background)
    vertices = motion.vertices(body)
    frames = np.stack([painter.draw(v) for v in vertices])
    empty = np.round(255 * np.array(background)).astype(int)
    mask = np.abs(frames[0].astype(int) - empty).sum(axis=-1) > 24
    return FilmedPerson(body, motion, camera, frames, mask)


class _Painter:
    """One colored mesh in an off-screen VTK window."""

    def __init__(
        self, body: BodyModel, camera: Camera, background: tuple[float, float, float]
    ) -> None:
        import vtk
        from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

        linear = body_colors(body)
        srgb = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        self._mesh, cells = vtk.vtkPolyData(), vtk.vtkCellArray()
        corners = np.arange(0, body.faces.size + 1, 3, dtype=np.int64)
        cells.SetData(
            numpy_to_vtkIdTypeArray(corners, deep=True),
            numpy_to_vtkIdTypeArray(body.faces.astype(np.int64).ravel(), deep=True),
        )
        self._mesh.SetPolys(cells)
        colors = (255 * np.clip(srgb, 0, 1)).astype(np.uint8)
        self._mesh.GetPointData().SetScalars(numpy_to_vtk(colors, deep=True))
        normals = vtk.vtkPolyDataNormals()
        normals.SetInputData(self._mesh)
        normals.SplittingOff()
        mapper, actor = vtk.vtkPolyDataMapper(), vtk.vtkActor()
        mapper.SetInputConnection(normals.GetOutputPort())
        actor.SetMapper(mapper)
        self._renderer, self._window = vtk.vtkRenderer(), vtk.vtkRenderWindow()
        self._renderer.AddActor(actor)
        self._renderer.SetBackground(*background)
        self._window.SetOffScreenRendering(1)
        self._window.SetSize(camera.width_px, camera.height_px)
        self._window.AddRenderer(self._renderer)
        _aim(self._renderer.GetActiveCamera(), camera)
        self._shape = (camera.height_px, camera.width_px, 3)

    def draw(self, vertices: Array) -> Frame:
        """(height, width, 3)."""
        import vtk
        from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

        points = vtk.vtkPoints()
        points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices, np.float32), deep=True))
        self._mesh.SetPoints(points)
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.ReadFrontBufferOff()
        grab.Update()
        pixels = vtk_to_numpy(grab.GetOutput().GetPointData().GetScalars())
        return np.ascontiguousarray(pixels.reshape(self._shape)[::-1])


def _aim(view: object, camera: Camera) -> None:
    T = camera.T_world_cam
    view.SetPosition(*T[:3, 3])
    view.SetFocalPoint(*(T[:3, 3] + T[:3, 2]))
    view.SetViewUp(*(-T[:3, 1]))
    view.SetViewAngle(np.degrees(2 * np.arctan(camera.height_px / 2 / camera.focal_px)))
