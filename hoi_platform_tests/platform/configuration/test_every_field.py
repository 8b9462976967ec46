"""Every key changes the fingerprint of exactly the stages that read it, or is refused."""

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import yaml

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.characters import CharacterConfig
from hoi_platform.core.config.keys import key_of
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.config.support import description, leaves, refusals
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.scene.kind import parse_template
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.backends.chosen import model_mistakes
from hoi_platform.services.platform import Platform
from hoi_platform_tests.platform.configuration.walk import (
    below,
    candidates,
    changed,
    declared,
    fingerprints,
    first_that,
    raw_leaves,
    with_value,
    write_yaml,
)

DRILL = ObjectId("ComAsset", "cordless_drill")
SHIPPED = PROJECT_ROOT / "configs"
FILES = sorted(str(path.relative_to(SHIPPED)) for path in SHIPPED.glob("*/*.yaml"))
"""All that clips depend on; growth.yaml, beside the folders, says which clips are made."""

MODELS = (
    "gen_2dhoi.video.model",
    "gen_2dhoi.chatgpt.backend_model",
    "recon_4dhoi.human_model.model",
    "recon_4dhoi.human_model.hands_model",
    "recon_4dhoi.tracks.masks_model",
    "recon_4dhoi.tracks.depth_model",
    "recon_4dhoi.obj_pose_tracking.model",
    "recon_4dhoi.contact.model",
)
# A program with a setting in every place.
EXTERNAL = {
    "weights": {"model": str(PROJECT_ROOT / "pyproject.toml")},
    "options": {"steps": 3},
    "license": "Apache-2.0",
    "commercial_ok": True,
    "runner": {
        "command": ["program"],
        "env": {"MODE": "fast"},
        "pass_env": ["TOKEN"],
        "memory_limit_mb": 100.0,
    },
}

# Settings in which between them every condition of the table of keys holds.
BASES: dict[str, dict[str, Any]] = {
    "simulated": {},
    "paid": {"gen_2dhoi": {"video": {"model_api": "kling-ai"}}},
    "paid, unrefined": {
        "gen_2dhoi": {"video": {"model_api": "kling-ai", "skip_prompt_refinement": True}}
    },
    "imported": {
        "gen_2dhoi": {
            "video": {
                "model_api": "imported",
                "imported_dir": "nowhere",
                "skip_prompt_refinement": True,
            }
        }
    },
    "searched": {"gen_2dhoi": {"skip_step2": False}},
    "programs": {
        "recon_4dhoi": {
            "human_model": {"hands_backend": "runner", "hands_model": EXTERNAL},
            "tracks": {
                "backend": "runner",
                "masks_model": EXTERNAL,
                "depth_backend": "runner",
                "depth_model": EXTERNAL,
            },
            "obj_pose_tracking": {"backend": "runner", "model": EXTERNAL},
            "contact": {"backend": "runner", "model": EXTERNAL},
        }
    },
    "a program for the body": {
        "recon_4dhoi": {"human_model": {"backend": "runner", "model": EXTERNAL}}
    },
    "GRAIL's limits": {
        "recon_4dhoi": {
            "optimization": {
                "eval": {
                    "keypoint_tracking": {"weight": 0.1, "beta": 0.1, "threshold": 2.0},
                    "contact": {"weight": 1e5, "duration": "all", "threshold": 5.0},
                }
            }
        }
    },
}


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """A copy of the shipped configuration with one more scene."""
    folder = tmp_path / "configs"
    shutil.copytree(SHIPPED, folder)
    scene = yaml.safe_load((folder / "scenes" / "indoor2-manipulation.yaml").read_text())
    other = scene | {"name": "other", "room_size": [7.0, 8.0, 2.8]}
    write_yaml(folder / "scenes" / "other.yaml", other)
    return folder


def platform_of(configs: Path, **fields: Any) -> Platform:
    return Platform(results_dir=configs.parent / "results", config_dir=configs, **fields)


def named_values(configs: Path, paid: Collection[str] = ()) -> dict[str, Any]:
    """Values of keys that name something that has to exist; copies have the same content.

    What models of ``paid`` make, or others made, may not be used commercially without a word.
    """
    copy, videos = configs.parent / "copies", configs.parent / "videos"
    if not copy.exists():
        shutil.copytree(configs, copy)
    video = videos / f"{platform_of(configs).clip(DRILL, 1)}.mp4"
    video.parent.mkdir(parents=True, exist_ok=True)
    video.touch()
    return {
        "gen_2dhoi.character": "jason_rigged_001",
        "gen_2dhoi.character_dir": str(copy / "characters"),
        "gen_2dhoi.scene_config": str(copy / "scenes"),
        "gen_2dhoi.object_config": str(copy / "objects" / "comasset.yaml"),
        "gen_2dhoi.scene": "other",
        "gen_2dhoi.task": "manipulation",
        "gen_2dhoi.video.imported_dir": str(videos),
        "object.commercial_ok": False,
        **{f"{model}.commercial_ok": model in paid for model in MODELS},
        **{f"{model}.runner": {"command": ["program"]} for model in MODELS},
        "gen_2dhoi.results_dir": str(configs.parent / "elsewhere"),
        "recon_4dhoi.paths.results_dir": str(configs.parent / "elsewhere"),
    }


@pytest.mark.parametrize("base", BASES)
def test_every_field_of_the_settings(base: str, configs: Path) -> None:
    """A changed setting would leave old results standing as done, or redo what it cannot change."""
    layers = BASES[base]
    before = platform_of(configs, overrides=layers)
    entry, settings = before.catalogue.get(DRILL), before.settings("manipulation")
    clip = before.clip(DRILL, 1)
    own, prints = declared(before, clip), fingerprints(before, clip)
    paid = {"gen_2dhoi.chatgpt.backend_model"}
    paid |= {"gen_2dhoi.video.model"} if base.startswith(("paid", "imported")) else set()
    named, honored, refused = named_values(configs, paid), 0, 0
    for section in ("gen_2dhoi", "recon_4dhoi"):
        for path, value in leaves(getattr(settings, section), section):
            parts = tuple(path.split("."))
            values = iter([named[path]]) if path in named else candidates(value)

            def load(candidate: Any, parts: tuple[str, ...] = parts) -> Platform:
                platform = platform_of(configs, overrides=with_value(layers, parts, candidate))
                platform.settings("manipulation")
                return platform

            candidate, after, errors = first_that(load, values)
            if after is None:
                assert all("known: " in error for error in errors), (path, errors)
                refused += 1
                continue
            key, now = key_of(path), after.settings("manipulation")
            expected = key.readers(settings, entry) | key.readers(now, entry)
            if not key.is_accepted(candidate):
                for stage in key.refused_by:
                    assert path in [r.path for r in refusals(now, [stage])], path
                    with pytest.raises(ConfigError, match=r"not supported by .*; \w+"):
                        after.require_supported("manipulation", [stage])
                assert key.refused_by, path
                refused += 1
                continue
            if any(
                f"{path}.".startswith(f"{unread}.") for unread, _ in model_mistakes(now, STAGES)
            ):
                with pytest.raises(ConfigError, match="not read"):
                    after.require_supported("manipulation", STAGES)
                refused += 1
                continue
            clip_now = after.clip(DRILL, 1)
            differing = changed(own, declared(after, clip_now))
            assert differing - {*key.may_change} == expected, path
            reached = below(differing, after, clip_now)
            assert changed(prints, fingerprints(after, clip_now)) == reached, path
            honored += 1
    assert honored > 100
    assert refused > 40


def test_every_field_says_what_it_is(configs: Path) -> None:
    """`hoi config explain` would list a key without a word."""
    settings = platform_of(configs).settings("manipulation")
    for section in ("gen_2dhoi", "recon_4dhoi"):
        model = type(getattr(settings, section))
        for path, _ in leaves(getattr(settings, section), section):
            name = path.partition(".")[2]
            if "loss_cfg" not in name:
                assert description(model, name), path
            key = key_of(path)
            assert key.reads or key.note or key.refused_by, path
            assert bool(key.refused_by) == bool(key.cure), path


GRASP = {"point": [0, 0, 0], "approach": [1, 0, 0], "axis": [0, 0, 1], "width": 0.05}


def _expanded(file: str, data: dict[str, Any]) -> dict[str, Any]:
    """A file's content with every field of its model that it leaves out."""
    folder = file.split("/", maxsplit=1)[0]
    if folder == "scenes":
        return parse_template(data, file).model_dump(mode="json")
    if folder == "characters":
        return CharacterConfig.model_validate(data).model_dump(mode="json")
    if file == "objects/comasset.yaml":
        full = {
            name: ObjectEntry.model_validate(entry).model_dump(mode="json")
            | {"source": f"library:{name}", "grasp": GRASP}
            for name, entry in data["objects"].items()
        }
        return {**data, "objects": full}
    return data


def _subject(file: str, path: tuple[str, ...], configs: Path) -> tuple[ObjectId, dict[str, Any]]:
    """An object that reads a key of a file, and the fields of a platform that reads the file."""
    folder, name = file.split("/")
    if file == "objects/comasset.yaml":
        return ObjectId("ComAsset", path[1]), {}
    if file == "objects/real_world_sizes.yaml":
        category = path[1].replace(" ", "_")
        entry = {"source": "library:mug"}
        write_yaml(configs / "objects" / "sized.yaml", {"objects": {category: entry}})
        return ObjectId("sized", category), {}
    if folder == "scenes":
        return DRILL, {"overrides": {"gen_2dhoi": {"scene": name.removesuffix(".yaml")}}}
    if folder == "characters":
        return DRILL, {"overrides": {"gen_2dhoi": {"character": name.removesuffix(".yaml")}}}
    if folder == "recon_4dhoi":
        return DRILL, {"recon_config": configs / file}
    return DRILL, {}


def _key_path(file: str, path: tuple[str, ...]) -> str:
    section = {"scenes": "scene", "characters": "character"}.get(file.split("/", maxsplit=1)[0])
    if file == "objects/comasset.yaml":
        return ".".join(("object", *path[2:]))
    if file == "objects/real_world_sizes.yaml":
        return ".".join(path)
    return ".".join((section or file.split("/", maxsplit=1)[0], *path))


@pytest.mark.parametrize("file", FILES)
def test_every_key_of_every_file(file: str, configs: Path) -> None:
    """An edited scene, character, size or catalogue entry would leave old clips as done."""
    data = _expanded(file, yaml.safe_load((configs / file).read_text()))
    write_yaml(configs / file, data)
    walked = 0
    for path, value in raw_leaves(data):
        if path == ("dataset",) or path[-1] == "task":
            continue  # who the object is: another one has other partitions
        object_id, fields = _subject(file, path, configs)
        write_yaml(configs / file, data)
        before = platform_of(configs, **fields)
        clip = before.clip(object_id, 1)
        own, prints = declared(before, clip), fingerprints(before, clip)

        def load(
            candidate: Any,
            path: tuple[str, ...] = path,
            fields: dict[str, Any] = fields,
            clip: ClipId = clip,
        ) -> Platform:
            write_yaml(configs / file, with_value(data, path, candidate))
            platform = platform_of(configs, **fields)
            declared(platform, clip)
            return platform

        named = named_values(configs) | {
            "object.scene": "other",
            "object.grasp.approach": [0, 1, 0],
            "object.grasp.axis": [0, 1, 0],
            "object.source": "library:hammer" if "mug" in path else "library:mug",
        }
        key_path = _key_path(file, path)
        values = iter([named[key_path]]) if key_path in named else candidates(value)
        candidate, after, errors = first_that(load, values)
        if after is None:
            assert all(str(configs / file) in error for error in errors), (key_path, errors)
            assert key_path == "scene.name" or "known: " in errors[0], (key_path, errors)
            continue
        key = key_of(key_path)
        now, entry = after.settings("manipulation"), after.catalogue.get(object_id)
        if not key.is_accepted(candidate):
            assert key_path in [r.path for r in refusals(now, key.refused_by)]
            continue
        was = before.settings("manipulation")
        expected = key.readers(was, entry) | key.readers(now, entry)
        clip_now = after.clip(object_id, 1)
        differing = changed(own, declared(after, clip_now))
        assert differing - {*key.may_change} == expected, (key_path, candidate)
        reached = below(differing, after, clip_now)
        assert changed(prints, fingerprints(after, clip_now)) == reached, key_path
        walked += 1
    assert walked


def test_a_comment_changes_nothing(configs: Path) -> None:
    """A reformatted file would redo the whole dataset."""
    before = platform_of(configs)
    prints = fingerprints(before, before.clip(DRILL, 1))
    for file in configs.rglob("*.yaml"):
        text = yaml.safe_dump(yaml.safe_load(file.read_text()), sort_keys=True)
        file.write_text(f"# a word\n{text}")
    after = platform_of(configs)
    assert fingerprints(after, after.clip(DRILL, 1)) == prints


def test_a_renamed_character_is_the_same_content(configs: Path) -> None:
    """A name would be part of an identity that is made of contents."""
    shutil.copyfile(configs / "characters" / "kid.yaml", configs / "characters" / "child.yaml")
    renamed = {"gen_2dhoi": {"character": "child"}}
    kid, child = platform_of(configs), platform_of(configs, overrides=renamed)
    differing = changed(declared(kid, kid.clip(DRILL, 1)), declared(child, child.clip(DRILL, 1)))
    assert not differing
