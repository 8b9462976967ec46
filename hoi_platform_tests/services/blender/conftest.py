"""One Blender child for all tests of this folder: starting it takes a second."""

from collections.abc import Iterator

import pytest

from hoi_platform.services.blender.render import render_conditioning
from hoi_platform.services.blender.service import BlenderService
from hoi_platform_tests.services.blender.rendering import (
    CONFIG,
    Conditioning,
    camera_of_tests,
    column,
    cube_scene,
    staged,
    unit_cube,
)


@pytest.fixture(scope="session")
def blender() -> Iterator[BlenderService]:
    with BlenderService(threads=2, timeout_s=300, test_operations=True) as service:
        yield service


@pytest.fixture(scope="session")
def conditioning(blender: BlenderService, tmp_path_factory: pytest.TempPathFactory) -> Conditioning:
    """The small scene's conditioning frame."""
    folder = tmp_path_factory.mktemp("conditioning")
    spec, person = cube_scene(camera_of_tests()), column()
    unit_cube(folder)
    render = render_conditioning(blender, staged(spec, person, folder), CONFIG, folder / "out")
    return Conditioning(spec, person, render, folder)
