"""What is read to judge a stage does not grow with the dataset, and is read once."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.services.artifacts.context import ClipIsReadError, of_any_clip
from hoi_platform.services.artifacts.file_state import UNSETTLED_S
from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.artifacts.stages import Stages
from hoi_platform.services.meshes.catalogue import Catalogue
from hoi_platform.services.platform import Platform
from hoi_platform.services.scale.made_up import MadeUp, write_objects
from hoi_platform.services.yaml_files import read_mapping
from hoi_platform_tests.platform.prepared import fill, kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames

CONFIGS = Path(__file__).parents[2] / "configs"
_WATCHED: list[tuple[Path, list[str]]] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    """Of every file that is opened for reading below a watched folder."""
    if event == "open" and _WATCHED and isinstance(arguments[0], str | Path):
        path = Path(arguments[0])
        for folder, found in _WATCHED:
            if path.is_relative_to(folder) and arguments[1] in ("r", "rb", None):
                found.append(path.relative_to(folder).as_posix())


sys.addaudithook(_note)


@contextmanager
def opened(folder: Path) -> Iterator[list[str]]:
    """The files below a folder that are read inside, as often as they are."""
    found: list[str] = []
    _WATCHED.append((folder, found))
    try:
        yield found
    finally:
        _WATCHED.remove((folder, found))


def with_objects(results: Path, count: int) -> ObjectId:
    """The first of so many objects of the user's."""
    write_objects(results, MadeUp(count, 0))
    return MadeUp(count, 0).ids()[0]


def test_a_materialization_keeps_what_was_read(tmp_path: Path) -> None:
    """Each stage would import the mesh and hash all files of the stages before it again."""
    object_id = with_objects(tmp_path, 1)
    resource, frame = kling_platform(tmp_path), make_frames(tmp_path, 1)[0]
    (clip,) = prepare(resource, frame, range(1, 2), object_id=object_id)
    pause()
    judged(resource.platform(), clip, "video_prompt")
    with opened(tmp_path) as read:
        judged(resource.platform(), clip, "video_prompt")
    assert not [name for name in read if not _is_small(name)]
    with opened(tmp_path) as read:
        fill(resource, frame, clip, ("video_task",))
        pause()
        judged(resource.platform(), clip, "video_task")
    # What was just made is copied from its variant's tree to its place, and both are synced.
    others = [name for name in read if "/video_tasks/" not in name]
    assert not [name for name in others if not _is_small(name)]


def _is_small(name: str) -> bool:
    """Whether it is no artifact and no mesh: records, catalogue entries, what is kept of them."""
    return "/mesh/" not in name and (name[0] in ".c" or "/records/" in name)


def judged(platform: Platform, clip: ClipId, last: str) -> None:
    """The stages up to this one are done, whole files compared."""
    stages, order = platform.stages(STAGES), flow_order()
    for name in order[: order.index(last) + 1]:
        assert stages.status(name, upstream_subject(name, clip) or clip).done, name


def test_a_mesh_is_imported_again_only_when_it_changes(tmp_path: Path) -> None:
    """Every stage of every clip would import its object's mesh to know what to hash."""
    object_id = with_objects(tmp_path, 1)
    mesh = tmp_path / "catalogue" / "object-00000" / "mesh" / "model.obj"
    pause()
    first = Platform(tmp_path, CONFIGS).catalogue.source_digest(object_id)
    with opened(mesh.parent) as read:
        assert Platform(tmp_path, CONFIGS).catalogue.source_digest(object_id) == first
    assert read == []
    mesh.write_text(mesh.read_text().replace("v 1 1 1", "v 1 1 2"))
    assert Platform(tmp_path, CONFIGS).catalogue.source_digest(object_id) != first


def test_a_texture_that_appears_changes_the_mesh(tmp_path: Path) -> None:
    """What was missing when the mesh was first read would be missing for ever."""
    object_id = with_objects(tmp_path, 1)
    mesh = tmp_path / "catalogue" / "object-00000" / "mesh" / "model.obj"
    mesh.write_text(f"mtllib model.mtl\n{mesh.read_text()}")
    pause()
    first = Platform(tmp_path, CONFIGS).catalogue.source_digest(object_id)
    (mesh.parent / "model.mtl").write_text("newmtl plain\nKd 1 0 0\n")
    assert Platform(tmp_path, CONFIGS).catalogue.source_digest(object_id) != first


def test_an_object_is_found_without_reading_the_others(tmp_path: Path) -> None:
    """A step would take seconds in a dataset of thousands of objects."""
    object_id = with_objects(tmp_path, 40)
    with opened(tmp_path / "catalogue") as read:
        catalogue = Catalogue(CONFIGS / "objects", tmp_path / "catalogue")
        assert catalogue.by_key("object-00000") == object_id
        assert catalogue.key(object_id) == "object-00000"
        assert catalogue.get(object_id).license == "CC-BY-4.0"
        assert catalogue.at_path(object_id.path) == object_id
    assert {*read} <= {"keys.json", "object-00000/entry.yaml"}


def test_an_edited_entry_is_seen_at_once(tmp_path: Path) -> None:
    """Today's scene would be that of yesterday."""
    object_id = with_objects(tmp_path, 3)
    platform = Platform(tmp_path, CONFIGS)
    assert platform.catalogue.get(object_id).scene == "indoor2-manipulation"
    entry = tmp_path / "catalogue" / "object-00000" / "entry.yaml"
    entry.write_text(entry.read_text() + "    scene: pickup\n")
    assert platform.catalogue.get(object_id).scene == "pickup"
    assert platform.catalogue.entries()[object_id].scene == "pickup"


def test_an_entry_in_the_folder_of_another_object_does_not_replace_it(tmp_path: Path) -> None:
    """The object that is found by its key would differ from the one that is listed."""
    object_id = with_objects(tmp_path, 2)
    folder = tmp_path / "catalogue"
    own, other = (folder / f"object-0000{number}" / "entry.yaml" for number in range(2))
    other.write_text(own.read_text().replace("CC-BY-4.0", "MIT"))
    catalogue = Catalogue(CONFIGS / "objects", folder)
    assert catalogue.get(object_id).license == "CC-BY-4.0"
    assert catalogue.entries()[object_id].license == "CC-BY-4.0"
    assert f"{other}: objects.object_00000: another file holds it" in catalogue.bad_entries()[0]


def test_the_fingerprint_is_that_of_all_it_depends_on(tmp_path: Path) -> None:
    """What is shared by an object's clips would leave something out, or change every result."""
    object_id = with_objects(tmp_path, 1)
    platform = Platform(tmp_path, CONFIGS)
    stages = platform.stages(STAGES)
    for seed in (1, 2):
        clip = platform.clip(object_id, seed)
        for name in flow_order():
            subject = upstream_subject(name, clip) or clip
            assert stages.fingerprint(name, subject) == _plainly(platform, stages, name, subject)


def _plainly(platform: Platform, stages: Stages, name: str, subject: ObjectId | ClipId) -> str:
    """The definition, with nothing shared."""
    stage, context = STAGES[name], platform.context(subject)
    above = {above: upstream_subject(above, subject) for above in stage.needed(context)}
    return fingerprint_of(
        {
            "asset": name,
            "schema": ARTIFACTS[name].schema_version,
            "version": stage.version,
            "backend": stage.backend(context.settings),
            "settings": stage.settings(context),
            "upstream": {n: stages.fingerprint(n, s) for n, s in above.items() if s is not None},
        }
    )


def test_what_is_shared_by_clips_cannot_know_the_clip(tmp_path: Path) -> None:
    """All clips of an object would get the seed of the first."""
    context = Platform(tmp_path, CONFIGS).context(with_objects(tmp_path, 1))
    for read in (lambda c: c.clip, lambda c: c.subject):
        with pytest.raises(ClipIsReadError):
            read(of_any_clip(context))


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000])
def test_deep_nesting_is_an_error_and_ends_no_process(tmp_path: Path, text: str) -> None:
    """The fast parser recurses on the stack: the process would be gone without a word."""
    file = tmp_path / "deep.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match="not readable YAML"):
        read_mapping(file)


def pause() -> None:
    """Until what was written just now is old enough to be remembered."""
    time.sleep(2 * UNSETTLED_S)
