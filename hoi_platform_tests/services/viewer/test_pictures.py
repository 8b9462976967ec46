"""Surfaces, overlays, thumbnails and the encoder."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hoi_platform.core.colors import srgb_from_linear
from hoi_platform.core.errors import BadInputError
from hoi_platform.services.video.codec import read_video
from hoi_platform.services.viewer.encoder import Encoder
from hoi_platform.services.viewer.light_mesh import light_topology, lightened
from hoi_platform.services.viewer.overlay import outline, overlaid
from hoi_platform.services.viewer.surfaces import Surface, load_surfaces
from hoi_platform.services.viewer.thumbnail import contact_sheet, data_uri_markdown
from hoi_platform_tests.services.viewer.scenes import write_sample_obj

NOISE = np.random.default_rng(0).integers(0, 255, (9, 90, 160, 3), dtype=np.uint8)


def test_materials_and_creases_of_an_obj(tmp_path: Path) -> None:
    """Colors would be too dark (Kd is linear), textures lost or sharp edges rounded."""
    red, label = load_surfaces(write_sample_obj(tmp_path), (2.0, 2.0, 2.0))
    np.testing.assert_allclose(red.color, [0.5, 0, 1], atol=1e-4)
    assert len(red.vertices) == 5  # one of the four corners has two normals
    assert np.ptp(red.vertices[:, 0]) == 2.0
    assert label.texture is not None
    assert label.uv is not None
    np.testing.assert_array_equal(label.texture[0, 0], [0, 255, 0])
    assert label.uv.shape == (3, 2)


def test_other_objs_are_refused(tmp_path: Path) -> None:
    """A user's raw OBJ, or a lost material file, would end in an IndexError."""
    path = write_sample_obj(tmp_path)
    (tmp_path / "model.mtl").unlink()
    with pytest.raises(BadInputError, match=r"model\.obj is not a clean OBJ"):
        load_surfaces(path, (1, 1, 1))


def test_srgb_of_linear() -> None:
    """Colors would be shown too dark: IEC 61966-2-1 has 0.5 near 0.735."""
    np.testing.assert_allclose(srgb_from_linear(np.array([0, 0.5, 1])), [0, 0.7354, 1], atol=1e-4)


def _sphere(rings: int) -> Surface:
    import trimesh

    mesh = trimesh.creation.uv_sphere(count=[rings, rings])
    colors = np.random.default_rng(0).random((len(mesh.vertices), 3))
    return Surface(np.array(mesh.vertices), np.array(mesh.faces), vertex_colors=colors)


def test_light_meshes_keep_vertices_of_the_full_one() -> None:
    """An animated light body would not be a selection of the full body's vertices."""
    sphere = _sphere(60)
    kept, faces = light_topology(sphere.vertices, sphere.faces, 800)
    assert len(kept) <= 1.2 * 800
    assert faces.max() == len(kept) - 1
    np.testing.assert_allclose(np.linalg.norm(sphere.vertices[kept], axis=1), 1, atol=1e-6)
    light = lightened(sphere, 800)
    assert light.vertex_colors is not None
    assert sphere.vertex_colors is not None
    np.testing.assert_array_equal(light.vertex_colors, sphere.vertex_colors[kept])
    assert lightened(sphere, 10**6).faces.shape == sphere.faces.shape


def test_an_overlay_lets_the_video_through() -> None:
    """Misalignment could not be seen: the video has to stay visible inside the figures."""
    frame = np.full((40, 40, 3), 200, np.uint8)
    render = np.zeros((40, 40, 4), np.uint8)
    render[10:30, 10:30] = [0, 0, 100, 255]
    result = overlaid(frame, render, opacity=0.5)
    np.testing.assert_array_equal(result[0, 0], frame[0, 0])
    np.testing.assert_allclose(result[20, 20], [100, 100, 150], atol=1)
    assert result[20, 10].mean() != result[20, 20].mean()


def test_an_outline_is_at_the_edge() -> None:
    """The line would be drawn over the whole figure or nowhere."""
    cover = np.zeros((40, 40), np.float32)
    cover[10:30, 10:30] = 1
    line = outline(cover)
    assert line[20, 9:11].min() > 0.5
    assert line[20, 20] < 0.01
    assert line[2, 2] < 0.01


@pytest.mark.parametrize("n", [1, 4, 6])
def test_contact_sheets_keep_to_their_size(n: int) -> None:
    """Dagster's event log would grow by megabytes per asset."""
    for limit in (30_000, 6_000):
        data = contact_sheet(NOISE, n, limit)
        assert len(data) <= limit
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == "JPEG"
            assert image.width >= 160


def test_impossible_contact_sheets_are_told() -> None:
    """An empty video would end in an IndexError, a tiny limit in a sheet that breaks it."""
    with pytest.raises(ValueError, match="no contact sheet of 4 of 0 frames"):
        contact_sheet(NOISE[:0], 4, 30_000)
    with pytest.raises(ValueError, match="smallest contact sheet has"):
        contact_sheet(NOISE, 4, 500)


def test_markdown_carries_the_picture() -> None:
    """The picture on the asset's page would be a broken link."""
    data = contact_sheet(NOISE, 2, 20_000)
    text = data_uri_markdown(data, "four frames")
    assert text.startswith("![four frames](data:image/jpeg;base64,")
    assert base64.b64decode(text.partition("base64,")[2][:-1]) == data


def test_encoders_write_every_frame(tmp_path: Path) -> None:
    """Frames would be lost between the threads."""
    with Encoder(tmp_path / "a.mp4", 12.0) as a, Encoder(tmp_path / "b.mp4", 24.0) as b:
        for value in range(40):
            a.write(np.full((32, 48, 3), 6 * value, np.uint8))
            b.write(np.full((32, 48, 3), 255 - 6 * value, np.uint8))
    video = read_video(tmp_path / "a.mp4")
    assert video.fps == 12
    np.testing.assert_allclose(video.frames.mean(axis=(1, 2, 3)), 6 * np.arange(40), atol=4)
    assert len(read_video(tmp_path / "b.mp4")) == 40


def test_an_encoder_tells_its_error(tmp_path: Path) -> None:
    """A full disk, a bad frame or no frame at all would hang or leave a broken file unnoticed."""

    def encode(count: int, path: Path) -> None:
        with Encoder(path, 24.0) as encoder:
            for _ in range(count):
                encoder.write(np.zeros((32, 48, 3), np.uint8))

    with pytest.raises(ValueError, match="no frame to write"):
        encode(0, tmp_path / "empty.mp4")
    with pytest.raises(OSError, match="No such file"):
        encode(40, tmp_path / "absent" / "a.mp4")
