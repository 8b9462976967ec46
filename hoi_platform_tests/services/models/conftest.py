"""A fresh ledger and a picture to ask about."""

from pathlib import Path

import pytest
from PIL import Image

from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(f"sqlite:///{tmp_path}/ledger.db")


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    path = tmp_path / "frame.png"
    Image.new("RGB", (64, 36), (200, 100, 50)).save(path)
    return path
