"""A stand-in, a ledger and a request; folders for tests that write thousands of small files."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform_tests.services.video.paid_world import World, make_frames, make_request


@pytest.fixture
def fast_folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where the system has such a folder: fsync is free there."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def world() -> World:
    return World.of(FaultPlan(), slots=50)


@pytest.fixture
def ledger(tmp_path: Path, world: World) -> Ledger:
    return open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=world.clock.now)


@pytest.fixture
def request_(tmp_path: Path, world: World) -> VideoRequest:
    return make_request(make_frames(tmp_path, 1)[0], world.config())
