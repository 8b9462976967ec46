"""Every vision asset passes its configuration to its backend, and its record says what ran."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.settings import merged
from hoi_platform.core.licensing import commercial_ok
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.backends import registry
from hoi_platform.services.backends.chosen import ROLE_KEYS
from hoi_platform.services.backends.registry import Backend, Role
from hoi_platform.services.backends.uses import ClipUse
from hoi_platform.services.backends.weights import content_digest
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.hands import HandsRequest
from hoi_platform_tests.platform.prepared import DRILL
from hoi_platform_tests.platform.small_clip import FPS, make_clip, still_estimate
from hoi_platform_tests.services.runners.roles import STAND_IN, VIDEO, body_landmarks

VISION_ROLES: tuple[Role, ...] = tuple(
    role for role, keys in ROLE_KEYS.items() if keys.name.startswith("recon_4dhoi.")
)
every_role = pytest.mark.parametrize("role", VISION_ROLES)


class AsksForHands:
    """A body that knows itself and asks the configured backend for the hands."""

    def __init__(self, use: ClipUse) -> None:
        self._hands = use.peer("hands")

    def estimate(self, request: Any, *, progress: Any = None) -> Any:
        video = Video(request.video.frames[: len(VIDEO)], FPS)
        self._hands.track(HandsRequest(video, request.camera, body_landmarks()))
        return still_estimate()


@pytest.fixture(scope="module", autouse=True)
def asking_body() -> Iterator[None]:
    """The backend ``asking`` of the role ``human_pose``."""
    asks: frozenset[Role] = frozenset({"hands"})
    registry.register(Backend("human_pose", "asking", "MIT", True, AsksForHands, asks=asks))
    yield
    registry._REGISTRY.pop(("human_pose", "asking"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with the clip."""
    results = tmp_path_factory.mktemp("made") / "results"
    make_clip(PlatformResource(results_dir=str(results), profile="full"))
    return results


def _nested(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


def _planted(results: Path, role: Role, **model: Any) -> PlatformResource:
    """The stand-in in one role, as a configuration file would name it."""
    keys = ROLE_KEYS[role]
    command = [sys.executable, str(STAND_IN), "none"]
    layers = [
        _nested(keys.name, "runner"),
        _nested(keys.model, {"runner": {"command": command}, **model}),
    ]
    if role == "hands":
        layers.append(_nested(ROLE_KEYS["human_pose"].name, "asking"))
    return PlatformResource(results_dir=str(results), profile="full", overrides=merged(*layers))


@every_role
def test_every_vision_asset_passes_its_configuration_to_its_backend(
    role: Role, made: Path, tmp_path: Path
) -> None:
    """A key would be ignored, a swapped checkpoint keep its results, or terms be lost."""
    results, weights = tmp_path / "results", tmp_path / "weights.bin"
    shutil.copytree(made, results)
    weights.write_bytes(b"numbers")
    model = {
        "path": str(weights),
        "device": "cuda:1",
        "options": {"echo": True, "steps": 7},
        "license": "CC-BY-NC-4.0",
    }
    resource, (stage,) = _planted(results, role, **model), ROLE_KEYS[role].stages
    assert not _status(resource, stage).done, "another backend, weights or options: made anew"
    outcomes = ChainRunner(resource).run(DRILL, [1], [stage])
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    record = resource.platform().store.record(stage, _clip(resource))
    assert record is not None
    assert "runner (" in record.backend
    assert json.loads(record.facts[f"{role}_versions"]["configured"]) == {
        "role": role,
        "device": "cuda:1",
        "options": {"echo": True, "steps": 7},
        "weights": ["model"],
    }
    assert record.facts[f"{role}_weights_sha256"] == {"model": content_digest(weights)}
    assert content_digest(weights) in json.dumps(record.settings)
    assert str(weights) not in record.model_dump_json()
    terms = {item.part: item for item in record.known_licenses}
    assert terms[f"{role}: runner"].name == "CC-BY-NC-4.0"
    assert not commercial_ok(record.known_licenses)
    assert _status(resource, stage).done
    other = _planted(results, role, **model | {"options": {"echo": True, "steps": 8}})
    assert not _status(other, stage).done
    weights.write_bytes(b"other numbers")
    assert not _status(resource, stage).done


def _clip(resource: PlatformResource) -> ClipId:
    return resource.platform().clip(DRILL, 1)


def _status(resource: PlatformResource, stage: str) -> Any:
    return resource.platform().stages(STAGES).status(stage, _clip(resource))
