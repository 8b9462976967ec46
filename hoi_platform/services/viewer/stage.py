"""An off-screen VTK scene seen through our cameras (conventions: ``core.geometry``).

VTK keeps memory and graphics contexts until its window is finalized: use a stage as a context
manager. It runs without a display, on software rendering where there is no GPU.
"""

from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from hoi_platform.core.arrays import Array, Image
from hoi_platform.core.geometry.camera import Camera

Gradient = tuple[tuple[float, float, float], tuple[float, float, float]]

_FILL_LIGHT: Final = 0.35
"""Share of the light that comes from the viewer; chosen."""


class Stage:
    """A scene of actors with one light at the viewer's shoulder and one from above."""

    def __init__(self, width_px: int, height_px: int, backdrop: Gradient | None = None) -> None:
        """``backdrop``: lower and upper sRGB color; transparent without one.

        Edges are smoothed on a backdrop only: FXAA costs a fifth of multisampling in software,
        but knows no transparency.
        """
        from vtkmodules.vtkCommonCore import vtkLogger
        from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
        from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLRenderer  # noqa: F401  the backend

        # VTK warns that there is no display before it renders without one.
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
        self._renderer = vtkRenderer()
        self._renderer.AutomaticLightCreationOff()
        self._renderer.SetBackgroundAlpha(0.0)
        if backdrop is not None:
            lower, upper = backdrop
            self._renderer.SetBackground(*lower)
            self._renderer.SetBackground2(*upper)
            self._renderer.GradientBackgroundOn()
            self._renderer.SetBackgroundAlpha(1.0)
            self._renderer.UseFXAAOn()
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetAlphaBitPlanes(1)
        self._window.SetMultiSamples(0)
        self._window.SetSize(width_px, height_px)
        self._window.AddRenderer(self._renderer)
        self._add_lights()

    def _add_lights(self) -> None:
        from vtkmodules.vtkRenderingCore import vtkLight

        key, fill = vtkLight(), vtkLight()
        key.SetLightTypeToCameraLight()
        key.SetPosition(0.6, 0.8, 1.0)
        fill.SetPosition(0.3, -0.2, 1.0)
        for light, intensity in ((key, 1 - _FILL_LIGHT), (fill, _FILL_LIGHT)):
            light.SetFocalPoint(0, 0, 0)
            light.SetIntensity(intensity)
            self._renderer.AddLight(light)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._renderer.RemoveAllViewProps()
        self._window.RemoveRenderer(self._renderer)
        self._window.Finalize()
        del self._renderer, self._window

    def add(self, actor: Any) -> None:
        """Add a ``vtkProp``; see ``actors``."""
        self._renderer.AddActor(actor)

    def look_through(self, camera: Camera) -> None:
        """See the scene as this pinhole camera does, pixel for pixel at its aspect ratio."""
        eye, R = camera.T_world_cam[:3, 3], camera.T_world_cam[:3, :3]
        view = self._aim(eye, R)
        view.ParallelProjectionOff()
        view.SetViewAngle(float(np.degrees(2 * np.arctan(camera.height_px / 2 / camera.focal_px))))
        self._renderer.ResetCameraClippingRange()

    def look_down(self, center: Array, up: Array, height_m: float) -> None:
        """A map: parallel projection along -z, ``center`` (3,) in the middle, ``up`` upward.

        ``height_m`` is what the image's height shows.
        """
        z = np.array([0.0, 0.0, -1.0])
        y = -(up - (up @ z) * z)
        y /= np.linalg.norm(y)
        view = self._aim(
            center + np.array([0.0, 0.0, 10.0]), np.stack([np.cross(y, z), y, z], axis=-1)
        )
        view.ParallelProjectionOn()
        view.SetParallelScale(height_m / 2)
        self._renderer.ResetCameraClippingRange()

    def _aim(self, eye: Array, R_world_cam: Array) -> Any:
        view = self._renderer.GetActiveCamera()
        view.SetPosition(*eye)
        view.SetFocalPoint(*(eye + R_world_cam[:, 2]))
        view.SetViewUp(*-R_world_cam[:, 1])
        return view

    def render(self) -> Image:
        """(height, width, 4) RGBA, alpha 0 where nothing is seen; colors not premultiplied."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkRenderingCore import vtkWindowToImageFilter

        self._window.Render()
        grab = vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.SetInputBufferTypeToRGBA()
        grab.ReadFrontBufferOff()
        grab.Update()
        image = grab.GetOutput()
        width, height, _ = image.GetDimensions()
        pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 4)
        return pixels[::-1].copy()
