"""Builds the scene of a request: room, standing parts, lights, camera, person and object."""

from typing import Any

import bpy
import mathutils
import numpy as np

from hoi_platform.services.blender.worker import materials
from hoi_platform.services.blender.worker.operators import finished

PERSON_INDEX, OBJECT_INDEX = 1, 2

_QUADS = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
"""As ``core.geometry.shapes.BOX_QUADS``, which Blender's Python cannot always import; chosen
there."""
_CORNERS = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)]) - 0.5
_WOODEN = ("table", "shelf")
_WOODEN_UPRIGHT = ("table_leg", "cabinet", "front", "door", "frame")

_FLIP_Y_Z = mathutils.Matrix.Diagonal((1.0, -1.0, -1.0, 1.0))
"""Our camera's axes to Blender's, which looks along -z with +y up."""


def build(request: dict[str, Any]) -> dict[str, Any]:
    """A fresh scene; returns the person's and the object's Blender objects where there are any."""
    finished(bpy.ops.wm.read_factory_settings, use_empty=True)
    scene = bpy.context.scene
    _ambient(scene, (request.get("room") or {}).get("wall_color", (0.0, 0.0, 0.0)))
    place_camera(request["camera"])
    if request.get("room"):
        _room(request["room"])
    _parts(request.get("parts", []))
    for light in request.get("lights", []):
        _light(light)
    actors = {}
    if request.get("person"):
        actors["person"] = _person(request["person"])
    if request.get("object"):
        actors["object"] = _object(request["object"])
    return actors


def _ambient(scene: Any, wall_color: Any) -> None:
    """Light that reaches a point after a bounce, within 2 m, has the walls' color."""
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    color = scene.world.node_tree.nodes["Background"].inputs["Color"]
    color.default_value = (*(0.7 * c for c in wall_color), 1.0)
    scene.world.light_settings.distance = 2.0


def place_camera(camera: dict[str, Any]) -> None:
    """A pinhole with the focal length in pixels; Blender's camera looks along its -z, +y up."""
    scene = bpy.context.scene
    width, height = camera["width_px"], camera["height_px"]
    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.sensor_width = "HORIZONTAL", 36.0
    data.lens = camera["focal_px"] * data.sensor_width / width
    data.clip_start, data.clip_end = 0.01, 200.0
    eye = bpy.data.objects.new("camera", data)
    eye.matrix_world = mathutils.Matrix(camera["T_world_cam"]) @ _FLIP_Y_Z
    scene.collection.objects.link(eye)
    scene.camera = eye
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0


def move_object(item: Any, pose: Any, scale: Any) -> None:
    """Place the object: a rigid (4, 4) after its scale per axis."""
    size = mathutils.Matrix.Diagonal((*scale, 1.0))
    item.matrix_world = mathutils.Matrix(np.asarray(pose).tolist()) @ size


def mesh_object(name: str, vertices: Any, faces: Any, material: Any) -> Any:
    """Link a mesh of triangles and quads into the scene."""
    mesh = bpy.data.meshes.new(name)
    polygons = faces.tolist() if isinstance(faces, np.ndarray) else faces
    mesh.from_pydata(np.asarray(vertices).tolist(), [], polygons)
    mesh.materials.append(material)
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    return item


def _room(room: dict[str, Any]) -> None:
    size = np.array(room["size"])
    corners = _CORNERS * size + [0, 0, size[2] / 2]
    inward = [quad[::-1] for quad in _QUADS]
    mesh_object("floor", corners, inward[:1], materials.planks(room["floor_color"]))
    mesh_object("ceiling", corners, inward[1:2], materials.plain("ceiling", (0.8, 0.8, 0.79)))
    mesh_object("walls", corners, inward[2:], materials.paint(room["wall_color"]))


def _parts(parts: list[dict[str, Any]]) -> None:
    """One mesh per kind of surface, the colors in a vertex attribute."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        kinds.setdefault(_kind(part), []).append(part)
    surface = {
        "wood": lambda: materials.wood("wood", (1.2, 14.0, 14.0)),
        "upright": lambda: materials.wood("upright", (14.0, 14.0, 1.2)),
        "canvas": lambda: materials.canvas("canvas"),
        "plain": lambda: materials.vertex_colored("plain", 0.55),
    }
    for kind, members in kinds.items():
        vertices = [_array(part["vertices"]) for part in members]
        starts = np.cumsum([0, *(len(points) for points in vertices[:-1])])
        faces = [
            face
            for part, start in zip(members, starts, strict=True)
            for face in (_array(part["faces"]) + start).tolist()
        ]
        item = mesh_object(kind, np.concatenate(vertices), faces, surface[kind]())
        colors = [np.tile(p["color"], (len(v), 1)) for p, v in zip(members, vertices, strict=True)]
        _paint(item.data, np.concatenate(colors))


def _array(value: Any) -> np.ndarray:
    """Numbers of a request, or those of the npy file that it names."""
    return np.load(value) if isinstance(value, str) else np.array(value)


def _kind(part: dict[str, Any]) -> str:
    """The requested material; else brown parts show their grain, others are painted."""
    if part["material"]:
        return str(part["material"])
    red, _, blue = part["color"]
    if part["name"] == "canvas" or red < 1.4 * blue:
        return "canvas" if part["name"] == "canvas" else "plain"
    if part["name"] in _WOODEN_UPRIGHT:
        return "upright"
    return "wood" if part["name"] in _WOODEN else "plain"


def _paint(mesh: Any, colors: Any) -> None:
    """Store linear RGB (V, 3) per vertex."""
    attribute = mesh.color_attributes.new(materials.COLOR_ATTRIBUTE, "FLOAT_COLOR", "POINT")
    rgba = np.ones((len(colors), 4), dtype=np.float32)
    rgba[:, :3] = colors
    attribute.data.foreach_set("color", rgba.ravel())


def _light(spec: dict[str, Any]) -> None:
    data = bpy.data.lights.new("light", "AREA")
    data.shape, data.size = "DISK", spec["size_m"]
    data.energy, data.color = spec["power_w"], spec["color"]
    light = bpy.data.objects.new("light", data)
    light.location = spec["pos"]
    way = mathutils.Vector(spec["target"]) - mathutils.Vector(spec["pos"])
    light.rotation_euler = way.to_track_quat("-Z", "Y").to_euler()
    light.visible_camera = False
    bpy.context.scene.collection.objects.link(light)


def _person(spec: dict[str, Any]) -> Any:
    vertices, faces = np.load(spec["vertices"]), np.load(spec["faces"])
    material = materials.vertex_colored("person", 0.65)
    person = mesh_object("person", vertices, faces, material)
    _paint(person.data, np.load(spec["colors"]))
    person.data.shade_smooth()
    person.pass_index = PERSON_INDEX
    return person


def _object(spec: dict[str, Any]) -> Any:
    """Import an OBJ that is z up, with its materials; several objects in it become one."""
    before = set(bpy.data.objects)
    finished(bpy.ops.wm.obj_import, filepath=spec["obj"], forward_axis="Y", up_axis="Z")
    parts = [item for item in bpy.data.objects if item not in before and item.type == "MESH"]
    if len(parts) > 1:
        with bpy.context.temp_override(active_object=parts[0], selected_editable_objects=parts):
            finished(bpy.ops.object.join)
    item = parts[0]
    item.pass_index = OBJECT_INDEX
    if not item.data.materials:
        item.data.materials.append(materials.plain("object", (0.45, 0.3, 0.12), 0.5))
    move_object(item, spec["pose"], spec["scale"])
    return item
