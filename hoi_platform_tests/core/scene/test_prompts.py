"""What a refined prompt has to be before it is sent to a video model."""

import pytest

from hoi_platform.core.scene.prompts import LONGEST, refinement_problem

NAMES = ("cordless drill", "power tool")
CAMERA = "The camera remains static."


@pytest.mark.parametrize(
    "text",
    [
        f"A child lifts the drill with one hand and sets it down. {CAMERA}",
        f"She takes the power tool. {CAMERA}",
        "A person takes the drill. Fixed camera on a tripod, no zoom, no cut.",
        "He takes the drill. The shot is filmed from a fixed tripod: no camera motion, no cut.",
        "He looks at the drill while the camera stays completely still.",
        f"He faces the camera and takes the drills. {CAMERA}",
    ],
)
def test_a_prompt_is_accepted(text: str) -> None:
    """Good refinements would be thrown away."""
    assert refinement_problem(text, NAMES) == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("null", "does not name the object"),
        (f"I'm sorry, I can't help with this drill. {CAMERA}", "speaks for the model"),
        (f"Sorry, I cannot describe the drill. {CAMERA}", "speaks for the model"),
        (f"<html><body>502 drill {CAMERA}</body></html>", "no plain description"),
        (f'{{"error": "drill"}} {CAMERA}', "no plain description"),
        (f"See https://status.example for the drill. {CAMERA}", "no plain description"),
        (f"The drill\x00 moves. {CAMERA}", "no plain description"),
        (f"The drill {'x' * LONGEST} {CAMERA}", "characters"),
        (f"A person drinks from a mug. {CAMERA}", "does not name the object"),
        (f"A person drilled a hole. {CAMERA}", "does not name the object"),
        ("A person takes the drill.", "static camera"),
        ("A person faces the camera, takes the drill and stands still.", "static camera"),
        (f"He takes the drill. The camera pans left. {CAMERA}", "moves the camera"),
        (f"The camera slowly zooms in on the drill. {CAMERA}", "moves the camera"),
        ("He takes the drill. The camera is not static.", "moves the camera"),
        ("He takes the drill. The camera is static until it circles him.", "moves the camera"),
        ("He takes the drill. A handheld shot, then a fixed camera.", "moves the camera"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, problem: str) -> None:
    """An apology, an error page or a moving camera would be bought as a video."""
    assert problem in refinement_problem(text, NAMES)
