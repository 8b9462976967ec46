"""Plays a video model and a judge of sizes for the clips of a results folder.

The scene of a submitted conditioning frame is found by the picture's hash; the simulated backend
acts in it. The chain gets the MP4 alone: the ground truth is discarded here.
"""

import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from hoi_platform.core.clip import ClipId, parse_clip_path, parse_object_path
from hoi_platform.core.errors import HoiError
from hoi_platform.core.scene.seeds import performance_seed
from hoi_platform.services.artifacts.record import file_digest
from hoi_platform.services.fake_apis.chat import Size
from hoi_platform.services.fake_apis.files import MakeVideo
from hoi_platform.services.fake_apis.tasks import Order, Work
from hoi_platform.services.meshes.scale import known_scale
from hoi_platform.services.performances.acting import Acting, act
from hoi_platform.services.platform import Platform
from hoi_platform.services.video.backend import SimulatedScene, VideoRequest
from hoi_platform.services.video.simulated import SimulatedBackend

_TOLERANCE: Final = 1.2
"""Factor within which a size looks correct; chosen."""


@dataclass
class Rehearsal:
    """Videos of known frames by the simulated backend; ``other`` makes those of unknown ones."""

    platform: Platform
    backend: SimulatedBackend
    other: MakeVideo
    fps: int = 24
    """Frames per second of its videos; they have one frame more than seconds times ``fps``."""
    _made: dict[tuple[str, float], Future[bytes]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, order: Order) -> bytes:
        """The ordered MP4, as soon as it is made."""
        return self._future(order).result()

    def work(self, order: Order) -> Work:
        """How far the order is; the first query starts the work."""
        future = self._future(order)
        if not future.done():
            return "working"
        if (error := future.exception()) is None:
            return "done"
        sys.stderr.write(f"the simulated backend could not make a video: {error}\n")
        return "failed"

    def _future(self, order: Order) -> Future[bytes]:
        key = (sha256(order.image).hexdigest(), order.seconds)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._pool.submit(self._perform, key[0], order)
            return self._made[key]

    def _perform(self, digest: str, order: Order) -> bytes:
        clip = clip_of_frame(self.platform, digest)
        if clip is None:
            return self.other(order)
        with tempfile.TemporaryDirectory() as folder:
            request = self._request(clip, digest, order, Path(folder) / "performance.npz")
            target = Path(folder) / "video.mp4"
            self.backend.collect(
                self.backend.submit(request), request, target, lambda _fraction, _text: None
            )
            return target.read_bytes()

    def _request(self, clip: ClipId, digest: str, order: Order, performance: Path) -> VideoRequest:
        """A request for what is performed anew into the file ``performance``."""
        store, object_id = self.platform.store, clip.object_id
        gen = self.platform.settings(object_id.task).gen_2dhoi
        acting = Acting(
            task=object_id.task,
            scene=store.path("scene_render", "scene", clip),
            person=store.path("scene_render", "person", clip),
            mesh_obj=store.path("object_mesh", "mesh", object_id) / "model.obj",
            grasp=self.platform.catalogue.grasp(object_id),
            seed=performance_seed(gen.simulation.seed, clip),
            frames=round(order.seconds * self.fps) + 1,
            fps=self.fps,
        )
        act(acting).save(performance)
        length = {"simulated_fps": acting.fps, "simulated_frames": acting.frames}
        return VideoRequest(
            clip=str(clip),
            fingerprint=digest,
            frame=store.path("scene_render", "frame", clip),
            prompt=order.prompt,
            config=gen.video.model_copy(update=length),
            scene=SimulatedScene(
                acting.scene, acting.person, acting.mesh_obj, acting.seed, performance=performance
            ),
        )


def clip_of_frame(platform: Platform, digest: str) -> ClipId | None:
    """The clip whose conditioning frame has this SHA-256."""
    folder = platform.results_dir / "generation" / "asset_renders"
    for path in folder.rglob("*.png"):
        if file_digest(path) == digest:
            clip_path = path.relative_to(folder).with_suffix("").as_posix()
            return parse_clip_path(clip_path, platform.catalogue.first_tasks())
    return None


def eye_for_sizes(platform: Platform) -> Callable[[bytes], Size | None]:
    """Compares a preview's scale with what the catalogue knows of the object.

    The preview is found by its hash among those that a running scale search has written.
    """

    def look(image: bytes) -> Size | None:
        digest = sha256(image).hexdigest()
        for path in platform.results_dir.glob(".staging/*/generation/obj_scales/*/*/*/*/frame.png"):
            if file_digest(path) == digest:
                return _size(platform, path)
        return None

    return look


def _size(platform: Platform, preview: Path) -> Size | None:
    dataset, category, _, drawn = preview.parent.parts[-4:]
    object_id = parse_object_path(f"{dataset}/{category}", platform.catalogue.first_tasks())
    mesh = platform.store.path("object_mesh", "mesh", object_id) / "model.obj"
    catalogue = platform.catalogue
    try:
        known = known_scale(object_id, catalogue.get(object_id), mesh, catalogue)
    except HoiError:
        return None
    ratio = float(drawn.partition("_")[2]) / max(known.obj_scale)
    if 1 / _TOLERANCE <= ratio <= _TOLERANCE:
        return "correct"
    return "small" if ratio < 1 else "big"
