"""One drop of one rigid body in Bullet, in Blender's process.

Bullet's tolerances are absolute (2 cm contact breaking distance) and its steps fixed, so the
object is simulated at a size of about 4 m, a thin one at a thickness of half a meter, with
g = 9.81 and times scaled by the root of the lengths: the same motion.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.physics import settling
from hoi_platform.core.physics.settling import RigidHull
from hoi_platform.services.blender.scene_request import DropRequest, Still
from hoi_platform.services.blender.service import BlenderService

_FPS: Final = 60
"""Poses per second of Bullet's time, each of four substeps; chosen."""
_GRAVITY: Final = 9.81
"""Standard gravity (m/s², ISO 80000-3, rounded)."""
_FRICTION: Final = 0.6
"""Coefficient between object and ground; chosen for dry, rough surfaces."""
_THICKNESS: Final = 0.5
"""Least thickness of an object as Bullet sees it (Bullet's meters); chosen: one as thin as the
tolerances rolls on its facets forever."""
_MAX_SIZE: Final = 50.0
"""Largest size of an object as Bullet sees it (Bullet's meters); chosen: thinner objects are
simulated less exactly."""
_PAD_S: Final = 0.02
"""Time constant of the critically damped pad: MuJoCo's default contact (solref 0.02, 1). Without it
a landing is one blow on one corner, and a bottle of 22 cm falls over from a drop of 10 cm and a
tilt below a degree; MuJoCo agrees with either, made stiff or left soft. Set down without a drop it
stays upright.
"""


@dataclass(frozen=True)
class BulletDrop:
    """Bullet's view of one body: everything in meters and seconds, scaled on the way in and out."""

    blender: BlenderService
    hull: RigidHull

    @property
    def unit_m(self) -> float:
        """The length that Bullet sees as 1."""
        thin = min(self.hull.size / 2, self.hull.thickness / _THICKNESS)
        return max(thin, self.hull.size / _MAX_SIZE)

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
        pad: bool = False,
    ) -> Array:
        """Poses (N, 4, 4) of the center of mass ``dt_s`` apart, the given one first.

        ``damping`` is the part of the linear and the angular speed that is lost in the time
        √(size / 2) (of a body of 4 m: a second). On a ``pad`` the ground gives way to the landing
        like a spring; else it is firm.
        """
        with TemporaryDirectory(prefix="hoi-settle-") as folder:
            points, poses = Path(folder) / "points.npy", Path(folder) / "poses.npy"
            np.save(points, self.hull.centered / self.unit_m)
            request = DropRequest(
                points=str(points),
                poses=str(poses),
                pose=self._scaled(T_world_body, 1 / self.unit_m).tolist(),
                fps=_FPS,
                frames=max(1, round(duration_s / self.dt_s)),
                gravity=_GRAVITY,
                linear_damping=self._per_second(damping[0]),
                angular_damping=self._per_second(damping[1]),
                friction=_FRICTION,
                still=self._still() if stop_when_still else None,
                pad_hz=np.sqrt(self.unit_m) / _PAD_S / (2 * np.pi) if pad else None,
            )
            self.blender.run(request, timeout_s=300.0)
            return self._scaled(np.load(poses).astype(float), self.unit_m)

    @staticmethod
    def _scaled(T: Array, factor: float) -> Array:
        scaled = T.copy()
        scaled[..., :3, 3] *= factor
        return scaled

    def _per_second(self, lost: float) -> float:
        """The part of a speed that is lost in one of Bullet's seconds."""
        return float(1 - (1 - lost) ** np.sqrt(2 * self.unit_m / self.hull.size))

    def _still(self) -> Still:
        """Half of the threshold, so that what the worker considers still passes the check."""
        frames = max(1, round(settling.STILL_WINDOW_S / self.dt_s))
        shift = settling.MAX_SPEED / 2 * self.hull.size * frames * self.dt_s
        return Still(shift=shift / self.unit_m, frames=frames)
