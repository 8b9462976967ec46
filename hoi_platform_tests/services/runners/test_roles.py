"""The runner contract in every role: programs that keep it, and that break it in every way."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError, MissingResourceError, StageError
from hoi_platform.services.backends.registry import ROLES, Role, backends
from hoi_platform.services.runners import results
from hoi_platform_tests.services.runners.roles import (
    ASK,
    CAMERA,
    FRAMES,
    HEIGHT,
    POSES,
    SEEN,
    STAND_IN,
    WIDTH,
    body_landmarks,
    program,
)

RUN_BY_PROGRAMS = tuple(backend.role for backend in backends() if backend.name == "runner")
every_role = pytest.mark.parametrize("role", RUN_BY_PROGRAMS)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder with a space and a letter beyond ASCII; empty again at the end."""
    folder = tmp_path / "a wörk folder"
    folder.mkdir()
    yield folder
    assert not list(folder.iterdir()), "the runner's files were left behind"


def _silent(_fraction: float, _text: str) -> None:
    """Progress that nobody watches."""


def test_every_vision_role_may_be_filled_by_a_program() -> None:
    """A role would have a socket that no external model fits, or that no test here looks at."""
    assert {*RUN_BY_PROGRAMS} == {*ROLES} - {"video", "vision_model"}
    assert {*RUN_BY_PROGRAMS} == {*ASK} == {*results.ROLES}
    assert {*ROLES} == {*get_args(Role)}


@every_role
def test_a_program_at_an_odd_path_fills_its_role(role: Role, scratch: Path, tmp_path: Path) -> None:
    """No external model could be used in the role, or none below a folder with a space."""
    odd = tmp_path / "prögrams of mine" / "stand in.py"
    odd.parent.mkdir()
    odd.write_bytes(STAND_IN.read_bytes())
    heard: list[float] = []
    tool = program(role, scratch, "none", odd)
    assert ASK[role](tool, lambda done, _text: heard.append(done)) is not None
    assert heard == [0.1, 0.9]
    assert tool.backend.report.versions == {"stand-in": "1"}


SPOILED = {
    "masks": "confidence has",
    "depth": "neither positive nor nan",
    "hands": "left_px and left_m: a frame has a whole hand, or nan in both",
}


@every_role
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("wrong_length", r"has shape \(6, .*, not \(5, "),
        ("nan", None),
        ("absent_array", "is absent"),
        ("killed", "ran out of memory.*signal 9"),
        ("half_a_file", "is no readable npz"),
        ("out_of_memory_text", "ran out of memory.*lower the video's size"),
        ("out_of_memory", "2 GiB are too few; lower the video's size"),
        ("odd_report", "result.json that breaks the contract"),
        ("crash", "status 1.*the model fell over"),
    ],
)
def test_a_broken_program_fails_the_clip_with_the_reason(
    role: Role, scratch: Path, fault: str, said: str | None
) -> None:
    """A wrong or missing result would be used, or nobody would learn what went wrong."""
    said = said or SPOILED.get(role, "values that are not finite")
    with pytest.raises(StageError, match=f"(?s){said}"):
        ASK[role](program(role, scratch, fault), _silent)


@every_role
def test_missing_weights_name_the_cure(role: Role, scratch: Path) -> None:
    """The user would not know what to download."""
    with pytest.raises(MissingResourceError, match="no checkpoint at /w; hf download nobody/model"):
        ASK[role](program(role, scratch, "missing_weights"), _silent)


@every_role
def test_a_hanging_program_is_ended(role: Role, scratch: Path) -> None:
    """It would hold its worker forever."""
    with pytest.raises(StageError, match=r"no progress for .*idle_timeout_s 2"):
        ASK[role](program(role, scratch, "sleep", idle_timeout_s=2.0), _silent)


@every_role
def test_a_flood_of_words_does_no_harm(role: Role, scratch: Path) -> None:
    """A full pipe would block the program, or its chatter would fill our memory."""
    assert ASK[role](program(role, scratch, "flood"), _silent) is not None


def test_hands_of_a_program_stand_at_the_wrists_of_the_body(scratch: Path) -> None:
    """Sides would be swapped, or a hand turned against the ray on which it is seen."""
    left, right = ASK["hands"](program("hands", scratch, "none"), _silent)
    wrists = body_landmarks().uv_confidence[:, (15, 16), :2]
    for hand, wrist in ((left, wrists[:, 0]), (right, wrists[:, 1])):
        assert hand.found.tolist() == [True] * (FRAMES - 1) + [False]
        middle = hand.uv_confidence[:-1, 10, :2]  # the stand-in's center
        np.testing.assert_allclose(middle, wrist[:-1], atol=1e-9)
        extent = np.ptp(hand.metric[0], axis=0)
        assert np.linalg.norm(extent) == pytest.approx(np.hypot(0.1, 0.05**2), rel=0.1)
    # A plane that is parallel to the image is turned in the axes of a ray to the image's side.
    assert abs(left.metric[0, -1, 2] - left.metric[0, 0, 2]) > 0.01
    assert (left.uv_confidence[-1, :, 2] == 0).all()


def test_labels_of_a_program_have_the_reference_s_intervals(scratch: Path) -> None:
    """A hand that a program sees would hold another frame, hand or interval of the object."""
    labels = ASK["contact"](program("contact", scratch, "none"), _silent)
    assert labels.hands[:, 1].tolist() == [False] + [True] * (FRAMES - 1)
    assert not labels.hands[:, 0].any()
    np.testing.assert_allclose(labels.confidence, np.where(labels.hands, SEEN, 0.0))
    assert labels.joints == [["right_wrist"]] * len(labels.joints)
    assert labels.interval == 2
    assert (POSES.shape[0], CAMERA.shape) == (FRAMES, (HEIGHT, WIDTH))


@pytest.mark.parametrize(
    ("role", "change", "said"),
    [
        ("hands", {"left_m": 1000.0}, r"a hand spans 100 to 100; it is in meters"),
        ("hands", {"right_px": 2.0}, r"right_px: confidence is in 0 to 1"),
        ("contact", {"confidence": 0.0}, "confidence is above 0 where a hand is labeled"),
    ],
)
def test_what_holds_beyond_shapes(
    role: Role, change: dict[str, float], said: str, tmp_path: Path
) -> None:
    """Millimeters, percents or labels without evidence would reach the optimizer."""
    held = np.zeros((FRAMES, 2), bool)
    held[2] = True
    px = np.full((FRAMES, 21, 3), 0.9)
    meters = np.zeros((FRAMES, 21, 3))
    meters[:, 4, 0] = 0.1
    arrays = {
        "hands": {"left_px": px, "right_px": px, "left_m": meters, "right_m": meters},
        "contact": {"hands": held, "confidence": held * 0.5},
    }[role]
    path = tmp_path / "result.npz"
    np.savez(path, **arrays)
    results.read_result(path, role, FRAMES, (HEIGHT, WIDTH))
    np.savez(path, **{name: array * change.get(name, 1.0) for name, array in arrays.items()})
    if role == "contact":
        np.savez(path, hands=held, confidence=arrays["confidence"] * 0.0)
    with pytest.raises(BadInputError, match=said):
        results.read_result(path, role, FRAMES, (HEIGHT, WIDTH))
