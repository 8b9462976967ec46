"""Backends by name: one new file adds one, a program fills a role, and the record says what ran."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.backends import ModelConfig, RunnerConfig
from hoi_platform.core.config.settings import merged
from hoi_platform.core.errors import ConfigError, MissingResourceError
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.licensing import commercial_ok
from hoi_platform.pipelines.redo import is_paid
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform.resources.vision import VisionResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends import registry, shipped
from hoi_platform.services.backends.chosen import ROLE_KEYS
from hoi_platform.services.backends.registry import ROLES, Backend, Need, Role, backends
from hoi_platform.services.backends.uses import Use, VisionUse
from hoi_platform.services.backends.weights import content_digest, model_identity
from hoi_platform.services.runners.shared import runner_of
from hoi_platform.services.video.codec import write_video
from hoi_platform_tests.pages import example
from hoi_platform_tests.platform.prepared import DRILL, fill, prepare
from hoi_platform_tests.platform.stand_ins import paid_environment

STAND_IN = PROJECT_ROOT / "hoi_platform_tests" / "services" / "runners" / "stand_in.py"
FRAMES, HEIGHT, WIDTH = 3, 36, 64

# A whole backend: the file of docs/architecture.md.
NEW_FILE = example("hoi_platform/services/backends/shipped/resting.py")

CHOICE = yaml.safe_load(example("part of a configuration with the backend"))

# A whole video backend: it makes a still of the conditioning frame.
NEW_VIDEO_FILE = '''
"""Backend ``still``: the conditioning frame, again and again."""

import numpy as np
from PIL import Image

from hoi_platform.core.config.base import Config
from hoi_platform.services.backends.registry import Backend, register
from hoi_platform.services.video.backend import CollectedVideo, VideoTask
from hoi_platform.services.video.codec import write_video


class StillOptions(Config):
    frames: int = 3


class Still:
    name = "still"

    def __init__(self, use):
        self.frames = StillOptions.model_validate(use.model.options).frames

    def submit(self, request):
        ours = f"still-{request.fingerprint[:24]}"
        return VideoTask(
            provider=self.name,
            clip=request.clip,
            fingerprint=request.fingerprint,
            external_task_id=ours,
            state="succeeded",
            model="still-1",
        )

    def collect(self, task, request, target, progress):
        with Image.open(request.frame) as image:
            frame = np.asarray(image.convert("RGB"))
        write_video(target, np.tile(frame, (self.frames, 1, 1, 1)), 12.0)
        return CollectedVideo(facts={"frames": self.frames})


register(
    Backend(
        *("video", "still", "CC-BY-NC-4.0", False, Still),
        reads=frozenset({"path", "options"}),
        options=StillOptions,
    )
)
'''


def _resource(folder: Path, **tracking: Any) -> PlatformResource:
    """The shipped configuration with another object tracker, as a user writes it down."""
    source = PROJECT_ROOT / "configs" / "recon_4dhoi" / "manip_anny.yaml"
    shipped_file = yaml.safe_load(source.read_text())
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump(merged(shipped_file, {"obj_pose_tracking": tracking})))
    results = folder / "résults of mine"
    return PlatformResource(results_dir=str(results), profile="full", recon_config=str(file))


def _prepared(resource: PlatformResource, folder: Path) -> ClipId:
    """A tiny clip with everything above ``object_pose``."""
    frame = folder / "frame.png"
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 128, np.uint8)).save(frame)
    (clip,) = prepare(resource, frame, range(1, 2))
    fill(resource, frame, clip, ("video_task", "performance"))
    stages = resource.platform().stages(STAGES)

    def video(work: Work) -> None:
        _read(work)
        write_video(work.output("video"), np.full((FRAMES, HEIGHT, WIDTH, 3), 128, np.uint8), 12.0)
        work.output("checks").write_text("[]")

    def tracks(work: Work) -> None:
        _read(work)
        masks = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
        masks[:, 10:14, 20:24] = True
        depth = np.ones(masks.shape, np.float32)
        SceneTracks(masks, ~masks, depth, np.ones((FRAMES, 2))).save(
            work.output("masks"), work.output("depth")
        )

    stages.run("interaction_video", clip, video, lambda _f, _t: None)
    fill(resource, frame, clip, ("human_pose",))
    stages.run("scene_tracks", clip, tracks, lambda _f, _t: None)
    return clip


def _read(work: Work) -> None:
    for above in work.stage.needed(work.context):
        work.input(above, _FIRST[above])


_FIRST = {
    "object_mesh": "mesh",
    "scene_render": "frame",
    "video_prompt": "text",
    "video_task": "task",
    "performance": "performance",
    "interaction_video": "video",
    "human_pose": "motion",
}


def _tracked(resource: PlatformResource, clip: ClipId) -> ArtifactRecord:
    (outcome,) = ChainRunner(resource).run(DRILL, [1], ["object_pose"])
    assert outcome.error is None
    record = resource.platform().store.record("object_pose", clip)
    assert record is not None
    return record


@contextmanager
def _dropped(folder: Path, role: Role, name: str, source: str) -> Iterator[None]:
    """A file in a folder that counts as ``backends/shipped`` besides the real one."""
    folder.mkdir()
    (folder / f"{name}.py").write_text(source)
    shipped.__path__.append(str(folder))
    try:
        yield
    finally:
        shipped.__path__.remove(str(folder))
        registry._REGISTRY.pop((role, name), None)
        sys.modules.pop(f"{shipped.__name__}.{name}", None)


def test_one_new_file_adds_a_backend(tmp_path: Path) -> None:
    """A new model would need edits in the registry, the configuration and the asset."""
    with _dropped(tmp_path / "more", "object_pose", "resting", NEW_FILE):
        resource = _resource(tmp_path, **CHOICE["obj_pose_tracking"])
        clip = _prepared(resource, tmp_path)
        record = _tracked(resource, clip)
        raised = NEW_FILE.replace('version="1"', 'version="2"')
    with _dropped(tmp_path / "raised", "object_pose", "resting", raised):
        assert not resource.platform().stages(STAGES).status("object_pose", clip).done
    assert record.backend == "resting 1"
    assert record.settings["backend_versions"] == {"object_pose": "1"}
    terms = {item.part: item.name for item in record.known_licenses}
    assert terms["object_pose: resting"] == "CC-BY-NC-4.0"
    assert not commercial_ok(record.known_licenses)


def test_what_a_backend_needs_is_reported_before_it_is_made(tmp_path: Path) -> None:
    """A missing file would end as numpy's error, or as a result that was made without it."""
    absent = tmp_path / "nowhere.npy"

    def needs(model: ModelConfig, _environ: Mapping[str, str]) -> Need:
        return Need(Path(model.path or "").is_file(), model.path or "", "correct the path")

    backend = Backend(
        *("depth", "mine", "MIT", True, lambda _: "socket", needs), reads=frozenset({"path"})
    )
    use = Use(role="depth", name="mine", model=ModelConfig(path=str(absent)), environ={})
    with pytest.raises(
        MissingResourceError, match=r"depth: mine: \S+nowhere\.npy is not there; correct the path"
    ):
        backend.make(use)
    absent.touch()
    assert backend.make(use) == "socket"


def _with_video(folder: Path, **video: Any) -> PlatformResource:
    overrides = {"gen_2dhoi": {"video": {"skip_prompt_refinement": True, **video}}}
    return PlatformResource(results_dir=str(folder), profile="full", overrides=overrides)


def test_one_new_file_adds_a_video_backend(tmp_path: Path) -> None:
    """A generator of videos would need edits in the resource, the identity and the assets."""
    weights, frame = tmp_path / "weights.bin", tmp_path / "frame.png"
    weights.write_bytes(b"numbers")
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 128, np.uint8)).save(frame)
    model = {"path": str(weights), "options": {"frames": 4}}
    with _dropped(tmp_path / "more", "video", "still", NEW_VIDEO_FILE), paid_environment({}):
        resource = _with_video(tmp_path / "results", model_api="still", model=model)
        (clip,) = prepare(resource, frame, range(1, 2))
        outcomes = ChainRunner(resource).run(DRILL, [1], ["video_task", "interaction_video"])
        assert [outcome.error for outcome in outcomes if outcome.error] == []
        platform = resource.platform()
        record = platform.store.record("interaction_video", clip)
        assert record is not None
        assert record.backend == "still still-1"
        assert record.facts["frames"] == 4
        terms = {item.part: item.name for item in record.known_licenses}
        assert terms["video: still"] == "CC-BY-NC-4.0"
        assert not commercial_ok(record.known_licenses)
        assert not (tmp_path / "results" / "ledger" / "ledger.db").exists()
        weights.write_bytes(b"other numbers")
        for stage in ("video_task", "interaction_video"):
            assert not resource.platform().stages(STAGES).status(stage, clip).done


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"video": {"model_api": "veo"}}, r"video\.model_api: 'veo' is not known; known: 'fal-ai"),
        ({"chatgpt": {"backend": "me"}}, r"chatgpt\.backend: 'me' is not known; known: 'openai'"),
    ],
)
def test_an_unknown_service_fails_with_the_list(
    section: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """A typing error would show after all scenes are rendered, without the names that work."""
    resource = PlatformResource(results_dir=str(tmp_path), overrides={"gen_2dhoi": section})
    with pytest.raises(ConfigError, match=said):
        resource.platform().settings("manipulation")


def test_a_new_vision_model_is_asked_instead_of_the_paid_one(tmp_path: Path) -> None:
    """A model of one's own could not judge scales or word prompts, or its key be demanded."""
    reported: list[VisionUse] = []
    row = Backend("vision_model", "mine", "MIT", True, lambda use: reported.append(use) or "socket")
    registry.register(row)
    try:
        resource = PlatformResource(
            results_dir=str(tmp_path),
            overrides={"gen_2dhoi": {"chatgpt": {"backend": "mine"}, "skip_step2": False}},
        )
        settings = resource.platform().settings("manipulation")
        vision = VisionResource(ledger=LedgerResource(platform=resource))
        with paid_environment({}):
            assert vision.model(settings.gen_2dhoi, "the scale search", "") == "socket"
        assert reported[0].config == settings.gen_2dhoi.chatgpt
        context = resource.platform().context(DRILL)
        scale = STAGES["object_scale"]
        assert scale.settings(context)["backend"] == "mine"
        assert [item.name for item in scale.licenses(context)] == ["MIT"]
        assert not is_paid("object_scale", settings)
    finally:
        registry._REGISTRY.pop(("vision_model", "mine"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("import Backend", "import Backnd"), "ImportError: cannot import name 'Backnd'"),
        (('"object_pose"', '"object_pse"'), "'resting': unknown role 'object_pse'; did you mean"),
        (
            ('"resting"', '"model_based"'),
            r"the role object_pose has one already, in .*shipped\.embedded; rename it",
        ),
        (
            ('version="1"', 'reads=frozenset({"pth"})'),
            r"reads: no field 'pth' of a model; did you mean 'path'\?",
        ),
    ],
)
def test_a_broken_file_is_named_and_no_configuration_is_blamed(
    changed: tuple[str, str], said: str, tmp_path: Path
) -> None:
    """Who adds a backend would look for the mistake in YAML files that have none."""
    text = NEW_FILE.replace(*changed)
    platform = PlatformResource(results_dir=str(tmp_path)).platform()
    with (
        _dropped(tmp_path / "more", "object_pose", "resting", text),
        pytest.raises(ConfigError, match=rf"^\S+resting\.py cannot be loaded: .*{said}") as error,
    ):
        platform.settings("manipulation")
    assert str(error.value).count("cannot be loaded") == 1
    assert ".yaml" not in str(error.value)


@pytest.mark.parametrize(
    ("role", "stage", "section"),
    [
        ("depth", "scene_tracks", {"recon_4dhoi": {"tracks": {"depth_backend": "mine"}}}),
        ("contact", "contact_labels", {"recon_4dhoi": {"contact": {"backend": "mine"}}}),
        ("human_pose", "human_pose", {"recon_4dhoi": {"human_model": {"backend": "mine"}}}),
        ("video", "interaction_video", {"gen_2dhoi": {"video": {"model_api": "mine"}}}),
        (
            "vision_model",
            "object_scale",
            {"gen_2dhoi": {"chatgpt": {"backend": "mine"}, "skip_step2": False}},
        ),
    ],
)
def test_a_new_version_of_a_backend_is_another_result(
    role: Role, stage: str, section: dict[str, Any], tmp_path: Path
) -> None:
    """Results of old code would count as done after the backend was corrected."""
    prints = []
    for version in ("", "1", "2"):
        registry.register(Backend(role, "mine", "MIT", True, lambda _: None, version=version))
        try:
            platform = PlatformResource(results_dir=str(tmp_path), overrides=section).platform()
            subject = DRILL if stage == "object_scale" else platform.clip(DRILL, 1)
            prints.append(platform.stages(STAGES).fingerprint(stage, subject))
        finally:
            registry._REGISTRY.pop((role, "mine"))
    assert len(set(prints)) == 3


def test_hands_that_nobody_asks_are_refused(tmp_path: Path) -> None:
    """A hand tracker would be configured beside a body program that never asks it."""
    command = {"runner": {"command": ["program"]}}
    human = {"backend": "runner", "model": command, "hands_backend": "runner"}
    overrides = {"recon_4dhoi": {"human_model": {**human, "hands_model": command}}}
    platform = PlatformResource(results_dir=str(tmp_path), overrides=overrides).platform()
    said = r"human_model\.hands_backend is not read: the human_pose backend 'runner' asks no hands"
    with pytest.raises(ConfigError, match=said):
        platform.require_supported("manipulation", ["human_pose"])


def test_a_program_tracks_the_object_from_the_asset(tmp_path: Path) -> None:
    """The runner contract would stand in no asset, or the record would not say what ran."""
    odd = tmp_path / "my wörk"
    odd.mkdir()
    program, weights = odd / "stand in.py", odd / "wéights.bin"
    program.write_bytes(STAND_IN.read_bytes())
    weights.write_bytes(b"numbers")
    model = {
        "path": str(weights),
        "license": "MIT",
        "runner": {"command": [sys.executable, str(program), "none"]},
    }
    resource = _resource(odd, backend="runner", model=model)
    clip = _prepared(resource, odd)
    record = _tracked(resource, clip)
    assert record.backend == "runner (stand-in 1)"
    assert record.facts["object_pose_versions"] == {"stand-in": "1"}
    digest = content_digest(weights)
    assert record.facts["object_pose_weights_sha256"] == {"model": digest}
    assert record.settings["model"]["weights_sha256"] == {"model": digest}
    assert str(weights) not in record.model_dump_json()
    assert commercial_ok(record.known_licenses)
    weights.write_bytes(b"other numbers")
    status = resource.platform().stages(STAGES).status("object_pose", clip)
    assert not status.done


@pytest.mark.parametrize(
    ("tracking", "said"),
    [
        ({"backend": "sam9"}, r"obj_pose_tracking\.backend: 'sam9' is not known; known: 'model"),
        ({"model": {"path": "x"}}, r"obj_pose_tracking\.model\.path: 'x' is not read by model_ba"),
        ({"backend": "runner"}, r"obj_pose_tracking\.model\.runner\.command: runner needs"),
    ],
)
def test_a_choice_that_cannot_work_is_refused_before_any_work(
    tracking: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """A key would be accepted and ignored, or fail after an hour of other stages."""
    platform = _resource(tmp_path, **tracking).platform()
    with pytest.raises(ConfigError, match=rf"mine\.yaml: {said}"):
        platform.require_supported("manipulation", ["object_pose"])


def test_every_role_has_a_backend_and_a_row_says_all() -> None:
    """`hoi doctor` would leave a role out, or a backend's terms would be open."""
    for role in ROLES:
        assert backends(role), role
    for backend in backends():
        needs = backend.needs(ModelConfig(), {})
        assert needs.found or needs.cure, backend
        of_the_user = "runner" in backend.reads or backend.name == "imported"
        assert backend.license or of_the_user, backend
    assert {*ROLE_KEYS} == {*ROLES}


def test_content_counts_and_no_path(tmp_path: Path) -> None:
    """A moved checkpoint would redo the dataset, or an exchanged one keep its results."""
    for name in ("a", "b"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "w.bin").write_bytes(b"1")
        (tmp_path / name / "run.py").write_text("pass")

    def identity(name: str) -> dict[str, Any]:
        folder = tmp_path / name
        runner = RunnerConfig(command=["python", str(folder / "run.py")])
        return model_identity(model=ModelConfig(path=str(folder / "sub"), runner=runner))

    assert identity("a") == identity("b")
    (tmp_path / "b" / "sub" / "w.bin").write_bytes(b"2")
    assert identity("a") != identity("b")
    (tmp_path / "b" / "sub" / "w.bin").write_bytes(b"1")
    (tmp_path / "b" / "run.py").write_text("exit()")
    assert identity("a") != identity("b")
    assert model_identity(model=ModelConfig(license="MIT", commercial_ok=True)) == {}


def test_a_served_program_is_shared_by_the_clips_of_a_process() -> None:
    """Weights would be loaded forevery clip."""
    config = RunnerConfig(command=["x"], serve=True)
    first = runner_of("masks", config, {"PATH": "/bin", "KLING_SECRET_KEY": "1"})
    assert runner_of("masks", config, {"PATH": "/bin", "KLING_SECRET_KEY": "2"}) is first
    assert runner_of("masks", config, {"PATH": "/usr/bin"}) is not first
    once = RunnerConfig(command=["x"])
    assert runner_of("masks", once, {}) is not runner_of("masks", once, {})
