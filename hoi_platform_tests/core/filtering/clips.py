"""A clip that passes every check, for the filter's tests to break in one respect each."""

import numpy as np
from scipy.ndimage import gaussian_filter

from hoi_platform.core.filtering.inputs import FilterInput
from hoi_platform.core.formats.contact_record import ContactPoints, ContactRecord
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.camera import look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform_tests.hoi_samples import TABLE, box_mesh, moving, object_path, stick_body

FRAMES = 12


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth random background, (H, W, 3) uint8."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), 3)
    gray = 127 + 60 * noise / noise.std()
    return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def good_clip() -> FilterInput:
    """A moving person and a lifted box over a still background; masks are those of the result."""
    body, mesh = stick_body(radius=0.12), TriangleMesh(*box_mesh((0.2, 0.2, 0.2)))
    camera = look_at(320, 180, 367.0, np.array([3.5, 2.0, 1.6]), np.array([0.2, 0.6, 0.9]))
    motion = moving(FRAMES, np.random.default_rng(1))
    data = HoiData.of(
        body,
        motion,
        Ts_world_object=object_path(FRAMES, (0.4, 1.2, 0.85)),
        obj_scale=np.ones(3),
        contact_points=ContactPoints.none(),
        contact=ContactRecord((), 8, 0, np.ones((FRAMES, 2), bool)),
        supports=(TABLE,),
        eval_data={"keypoint_tracking": 0.5, "contact": 0.1},
    )
    vertices = motion.vertices(body)
    objects, humans = [], []
    for frame in range(FRAMES):
        moved = mesh.transformed(data.Ts_world_object[frame])
        thing = rasterize(camera, moved.vertices, moved.faces)
        person = rasterize(camera, vertices[frame], body.faces)
        in_front = ~(person.depth < thing.depth)
        objects.append(thing.silhouette & in_front)
        humans.append(person.silhouette & ~objects[-1])
    return FilterInput(
        data=data,
        body=body,
        mesh=mesh,
        camera=camera,
        frames=np.repeat(texture(*camera.shape)[None], FRAMES, axis=0),
        object_masks=np.stack(objects),
        human_masks=np.stack(humans),
        plate_depth=np.full(camera.shape, 5.0),
        p_world_rendered_pelvis=motion.translation[0],
        T_world_rendered_object=data.Ts_world_object[0],
    )
