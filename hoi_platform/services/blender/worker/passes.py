"""Cycles: the picture (beauty) and the crisp data passes (depth, object index)."""

import os
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from hoi_platform.services.blender.worker.operators import finished
from hoi_platform.services.blender.worker.png import keep_picture_only

_GPU_TYPES = ("OPTIX", "CUDA", "HIP", "ONEAPI")
_POINT_FILTER_PX = 0.01
"""Cycles' smallest pixel filter, a sample at the pixel's center: the data passes must not be
jittered."""


def set_up(request: dict[str, Any]) -> str:
    """Engine, device, bounces and colors that all shots share; returns the device's name."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode = "FIXED" if request["threads"] else "AUTO"
    if request["threads"]:
        scene.render.threads = request["threads"]
    scene.render.use_persistent_data = True
    scene.render.dither_intensity = 0.0
    scene.render.film_transparent = False
    scene.view_settings.view_transform, scene.view_settings.look = "Standard", "None"
    scene.display_settings.display_device = "sRGB"
    _write_no_metadata(scene.render)
    _light_paths(scene.cycles)
    return _choose_device(scene, request.get("gpu", False))


def _write_no_metadata(render: Any) -> None:
    """Blender notes date, render time, file and more in EXR files, each by a switch."""
    for name in dir(render):
        if name.startswith("use_stamp_"):
            setattr(render, name, False)


def _light_paths(cycles: Any) -> None:
    """Noise does not flicker, for the seed is fixed; light that bounced once becomes ambient light,
    which halves the time and looks the same in a closed room.
    """
    cycles.seed, cycles.use_animated_seed = 0, False
    cycles.use_adaptive_sampling = False
    cycles.use_light_tree = False  # three lights: faster without
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 1
    cycles.transmission_bounces, cycles.transparent_max_bounces = 2, 4
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 3.0
    cycles.use_fast_gi, cycles.fast_gi_method, cycles.ao_bounces_render = True, "REPLACE", 1


def _choose_device(scene: Any, gpu: bool) -> str:
    scene.cycles.device = "CPU"
    preferences = bpy.context.preferences.addons["cycles"].preferences
    for kind in _GPU_TYPES if gpu else ():
        try:
            preferences.compute_device_type = kind
        except TypeError:  # this build of Blender does not know it
            continue
        preferences.refresh_devices()
        devices = [d for d in preferences.devices if d.type == kind]
        for device in preferences.devices:
            device.use = device.type == kind
        if devices:
            scene.cycles.device = "GPU"
            return f"{kind} {devices[0].name}"
    return "CPU"


def beauty(path: str, samples: int, *, denoise: str = "", border: Any = None) -> None:
    """Render the picture into an 8-bit sRGB PNG.

    ``denoise`` is a quality of OpenImageDenoise (FAST, BALANCED, HIGH) or nothing. ``border``
    (x0, y0, x1, y1) in pixels, rows downward, renders and stores that part alone.
    """
    scene = bpy.context.scene
    cycles, render = scene.cycles, scene.render
    cycles.samples, cycles.filter_width, cycles.pixel_filter_type = samples, 1.5, "BLACKMAN_HARRIS"
    cycles.use_denoising = bool(denoise)
    if denoise:
        cycles.denoiser, cycles.denoising_quality = "OPENIMAGEDENOISE", denoise
        # Prefiltering the guides would take longer than the denoising itself.
        cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "FAST"
    scene.use_nodes = False
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode, render.image_settings.color_depth = "RGB", "8"
    render.image_settings.compression = 15 if border is None else 0
    _set_border(render, border)
    render.filepath = path
    finished(bpy.ops.render.render, write_still=True)
    keep_picture_only(Path(path))


def _set_border(render: Any, border: Any) -> None:
    render.use_border = render.use_crop_to_border = border is not None
    if border is not None:
        x0, y0, x1, y1 = border
        width, height = render.resolution_x, render.resolution_y
        # A quarter of a pixel inside, so that neither truncation nor rounding loses a pixel.
        render.border_min_x, render.border_max_x = (x0 + 0.25) / width, (x1 + 0.25) / width
        render.border_min_y = (height - y1 + 0.25) / height
        render.border_max_y = (height - y0 + 0.25) / height


def data(prefix: str) -> dict[str, str]:
    """Render z-depth (m) and object index with one sample at each pixel's center.

    Writes ``<prefix>depth.exr``, ``<prefix>depth.npy`` (h, w) float32 and ``<prefix>index.npy``
    (h, w) uint8.
    """
    scene, layer = bpy.context.scene, bpy.context.view_layer
    cycles = scene.cycles
    layer.use_pass_z = layer.use_pass_object_index = True
    cycles.samples, cycles.filter_width = 1, _POINT_FILTER_PX
    cycles.use_denoising = False
    bounces, cycles.max_bounces = cycles.max_bounces, 0
    _set_border(scene.render, None)
    folder, stem = os.path.split(prefix)
    _wire_outputs(scene, folder, stem)
    finished(bpy.ops.render.render, write_still=False)
    cycles.max_bounces = bounces
    scene.use_nodes = False
    layer.use_pass_z = layer.use_pass_object_index = False
    files = {}
    for name, dtype in (("depth", np.float32), ("index", np.uint8)):
        exr = Path(folder) / f"{stem}{name}.exr"
        (Path(folder) / f"{stem}{name}{scene.frame_current:04d}.exr").replace(exr)
        files[name] = f"{prefix}{name}.npy"
        np.save(files[name], _first_channel(exr).astype(dtype))
    return files


def _wire_outputs(scene: Any, folder: str, stem: str) -> None:
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    layers = tree.nodes.new("CompositorNodeRLayers")
    out = tree.nodes.new("CompositorNodeOutputFile")
    out.base_path = folder
    out.format.file_format, out.format.color_depth = "OPEN_EXR", "32"
    out.format.color_mode, out.format.exr_codec = "RGB", "ZIP"
    out.file_slots.clear()
    for name, socket in (("depth", "Depth"), ("index", "IndexOB")):
        out.file_slots.new(stem + name)
        tree.links.new(layers.outputs[socket], out.inputs[stem + name])


def _first_channel(path: Path) -> np.ndarray:
    """The red channel of an EXR as (h, w), rows downward."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1, :, 0]
