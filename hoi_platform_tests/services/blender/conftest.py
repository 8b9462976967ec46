"""One Blender child for all tests of this folder: starting it takes a second."""

from collections.abc import Iterator

import pytest

from hoi_platform.services.blender.service import BlenderService


@pytest.fixture(scope="session")
def blender() -> Iterator[BlenderService]:
    with BlenderService(threads=2, timeout_s=300, test_operations=True) as service:
        yield service
