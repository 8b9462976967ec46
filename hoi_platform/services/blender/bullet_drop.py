"""One drop of one rigid body in Bullet, in Blender's process.

Bullet's tolerances are absolute (2 cm contact breaking distance) and its steps fixed, so the
object is simulated at a size of about 4 m with g = 9.81 and times scaled by √size: the same motion.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.physics import settling
from hoi_platform.core.physics.settling import RigidHull
from hoi_platform.services.blender.service import BlenderService

_FPS: Final = 60
_GRAVITY: Final = 9.81
_FRICTION: Final = 0.6


@dataclass(frozen=True)
class BulletDrop:
    """Bullet's view of one body: everything in meters and seconds, scaled on the way in and out."""

    blender: BlenderService
    hull: RigidHull

    @property
    def unit_m(self) -> float:
        """The length that Bullet sees as 1."""
        return self.hull.size / 2

    @property
    def dt_s(self) -> float:
        """Time between two poses."""
        return float(np.sqrt(self.unit_m)) / _FPS

    def run(
        self,
        T_world_body: Array,
        duration_s: float,
        *,
        damping: tuple[float, float],
        stop_when_still: bool,
    ) -> Array:
        """Poses (N, 4, 4) of the center of mass ``dt_s`` apart, the given one first.

        ``damping`` is the part of the linear and the angular speed that is lost in one of
        Bullet's seconds.
        """
        with TemporaryDirectory(prefix="hoi-settle-") as folder:
            points, poses = Path(folder) / "points.npy", Path(folder) / "poses.npy"
            np.save(points, self.hull.centered / self.unit_m)
            request = {
                "points": str(points),
                "poses": str(poses),
                "pose": self._scaled(T_world_body, 1 / self.unit_m).tolist(),
                "fps": _FPS,
                "frames": max(1, round(duration_s / self.dt_s)),
                "gravity": _GRAVITY,
                "linear_damping": damping[0],
                "angular_damping": damping[1],
                "friction": _FRICTION,
                "still": self._still() if stop_when_still else None,
            }
            self.blender.call("drop", request, timeout_s=300.0)
            return self._scaled(np.load(poses).astype(float), self.unit_m)

    @staticmethod
    def _scaled(T: Array, factor: float) -> Array:
        scaled = T.copy()
        scaled[..., :3, 3] *= factor
        return scaled

    def _still(self) -> dict[str, float]:
        """Half of the thresholds, so that what the worker takes for still passes the judgment."""
        second = float(np.sqrt(self.unit_m))
        return {
            "linear": settling.STILL_LINEAR_M_S / 2 * second / self.unit_m,
            "angular": settling.STILL_ANGULAR_RAD_S / 2 * second,
            "frames": max(1, round(settling.STILL_WINDOW_S / self.dt_s)),
        }
