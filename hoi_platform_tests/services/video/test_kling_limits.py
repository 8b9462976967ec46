"""What Kling would not take is named before anything is sent."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.limits import LEGACY, NEW
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform_tests.services.video.paid_world import (
    World,
)
from hoi_platform_tests.services.video.test_kling import provider, with_config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kling_model_name": "kling-v9"}, "kling_model_name is 'kling-v9', known are"),
        ({"duration": "7"}, "duration is '7', kling-v2-5-turbo accepts 5, 10"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_sent(
    changes: dict, message: str, world: World, request_: VideoRequest
) -> None:
    """The service's answer would come after the upload and say less."""
    with pytest.raises(BadInputError, match=message):
        provider(world, LegacyKling).validate(with_config(request_, **changes))
    assert world.kling.calls == []


@pytest.mark.parametrize(
    ("size", "message"),
    [((299, 400), "299x400, each side needs at least 300"), ((1200, 400), "aspect")],
)
def test_a_wrong_image_is_named(
    size: tuple[int, int], message: str, world: World, request_: VideoRequest, tmp_path: Path
) -> None:
    """A rendering setting that Kling never takes would cost a refusal per clip."""
    Image.new("RGB", size).save(tmp_path / "odd.png")
    with pytest.raises(BadInputError, match=message):
        provider(world, LegacyKling).validate(replace(request_, frame=tmp_path / "odd.png"))


def test_limits_of_client_and_stand_in_agree(world: World, request_: VideoRequest) -> None:
    """What the client lets through would be refused by the service."""
    for kind, models in ((LegacyKling, LEGACY), (NewKling, NEW)):
        kling = provider(world, kind)
        for index, model in enumerate(models):
            request = with_config(request_, kling_model_name=model)
            kling.validate(request)
            kling.create(request, f"hoi-{kind.__name__}-{index}")


def test_too_long_a_prompt_is_named(world: World, request_: VideoRequest) -> None:
    """A refined prompt beyond the limit would be refused by the service."""
    with pytest.raises(BadInputError, match="prompt has 2501 characters, at most 2500"):
        provider(world, LegacyKling).validate(replace(request_, prompt="x" * 2501))


def test_other_files_than_images_are_named(
    world: World, request_: VideoRequest, tmp_path: Path
) -> None:
    """A frame of another format, too large or missing would be uploaded to be refused."""
    Image.new("RGB", (400, 400)).save(tmp_path / "a.webp")
    (tmp_path / "b.png").write_bytes(b"no image")
    Image.new("RGB", (400, 400)).save(tmp_path / "c.png")
    with (tmp_path / "c.png").open("ab") as file:
        file.truncate(10_000_001)
    reported = {
        "a.webp": "image is WEBP, accepted are JPEG, PNG",
        "b.png": r"image \(b.png\) is not an image",
        "c.png": "image has 10000001 bytes, at most 10000000 are accepted",
        "d.png": "does not exist",
    }
    for name, message in reported.items():
        with pytest.raises(BadInputError, match=message):
            provider(world, LegacyKling).validate(replace(request_, frame=tmp_path / name))


def test_every_mistake_is_named_at_once(world: World, request_: VideoRequest) -> None:
    """A user would fix one field after the other."""
    wrong = with_config(replace(request_, prompt=" "), kling_model_name="kling-v9", duration="7")
    reported = "kling_model_name is 'kling-v9'.*duration is '7'.*prompt is empty"
    with pytest.raises(BadInputError, match=reported):
        provider(world, LegacyKling).validate(wrong)
    assert world.kling.calls == []
