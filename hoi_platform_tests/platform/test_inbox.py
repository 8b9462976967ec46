"""The inbox: what has arrived whole becomes an object, the rest gets a reason."""

from pathlib import Path

import dagster as dg
import pytest
import trimesh

from hoi_platform.definitions import build_defs
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.schedules.new_objects import new_objects


class Inbox:
    """A results folder whose inbox is looked at again and again."""

    def __init__(self, results: Path, instance: dg.DagsterInstance) -> None:
        self.folder = results / "inbox"
        self.folder.mkdir(parents=True)
        self.resource = PlatformResource(results_dir=str(results))
        self.instance = instance
        self.cursor: str | None = None

    def mesh(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        trimesh.creation.box((0.08, 0.08, 0.1)).export(path)
        return path

    def tick(self) -> str:
        """What a tick says."""
        defs = build_defs(platform=self.resource)
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            definitions=defs,
            resources={"platform": self.resource},
        ) as context:
            result = new_objects(context)
        if isinstance(result, dg.SkipReason):
            return result.skip_message or ""
        self.cursor = result.cursor
        return str(result.skip_reason.skip_message if result.skip_reason else "")

    def settle(self) -> str:
        """A tick that sees what lies there, and one that finds it unchanged."""
        self.tick()
        return self.tick()

    def grid(self) -> set[str]:
        return {*self.instance.get_dynamic_partitions("objects")}


@pytest.fixture
def inbox(tmp_path: Path):
    with dg.instance_for_test() as instance:
        yield Inbox(tmp_path / "results", instance)


def test_without_an_inbox_nothing_happens(tmp_path: Path) -> None:
    """The daemon would fail at every tick of a results folder that has none."""
    with dg.instance_for_test() as instance:
        inbox = Inbox(tmp_path / "results", instance)
        inbox.folder.rmdir()
        assert "no inbox: create" in inbox.tick()


def test_a_settled_mesh_becomes_an_object_once(inbox: Inbox) -> None:
    """A mesh would not be registered, or be registered again at every tick."""
    path = inbox.mesh("mug_blue.glb")
    assert inbox.tick().startswith("0 registered")
    assert inbox.tick().startswith("1 registered, 0 rejected")
    assert any("mug" in key for key in inbox.grid())
    entry = inbox.resource.platform().catalogue.named("inbox", "mug_blue", "manipulation")
    assert inbox.resource.platform().catalogue.get(entry).up == "y"
    assert "object " in (path.parent / "mug_blue.glb.added.txt").read_text()
    inbox.cursor = None  # the daemon was set up anew
    (path.parent / "bowl.yaml").write_text("real_size_m: 0.2")  # for an object that comes later
    assert inbox.settle().startswith("0 registered, 0 rejected")


def test_what_is_being_written_waits(inbox: Inbox) -> None:
    """Half a mesh would be rejected, or registered."""
    path = inbox.mesh("mug.glb")
    inbox.mesh("parts/mug.glb").rename(inbox.folder / "parts" / "mug.glb.part")
    inbox.tick()
    path.write_bytes(path.read_bytes() + b" ")
    assert inbox.tick().startswith("0 registered, 0 rejected"), "it has grown"
    lock = inbox.folder / "mug.glb.lock"
    lock.touch()
    assert inbox.tick().startswith("0 registered, 0 rejected"), "it is locked"
    lock.unlink()
    inbox.mesh("mug.glb")
    assert inbox.settle().startswith("1 registered, 0 rejected")


def test_what_is_no_object_gets_a_reason_and_is_looked_at_again_when_it_changes(
    inbox: Inbox,
) -> None:
    """A night's deliveries would vanish without a word, or be refused for ever."""
    (inbox.folder / "letter.pdf").write_bytes(b"%PDF")
    (inbox.folder / "shop").mkdir()
    (inbox.folder / "shop" / "mug.glb").write_bytes(b"glTF")
    inbox.mesh("shop/gizmo.stl")
    assert inbox.settle().startswith("0 registered, 3 rejected")
    reasons = {path.name: path.read_text() for path in sorted(inbox.folder.rglob("*.rejected.txt"))}
    assert "unknown mesh format '.pdf'" in reasons["letter.pdf.rejected.txt"]
    assert "not a readable GLB mesh" in reasons["mug.glb.rejected.txt"]
    assert "real_size_m" in reasons["gizmo.stl.rejected.txt"]
    assert inbox.settle().startswith("0 registered, 0 rejected")
    (inbox.folder / "shop" / "gizmo.yaml").write_text("real_size_m: 0.2\nlicense: CC0-1.0\n")
    inbox.mesh("shop/mug.glb")
    assert inbox.settle().startswith("2 registered, 0 rejected")
    assert sorted(path.name for path in inbox.folder.rglob("*.rejected.txt")) == [
        "letter.pdf.rejected.txt"
    ]


def test_a_folder_is_one_object_with_its_textures(inbox: Inbox) -> None:
    """Textures would be lost, or be rejected one by one."""
    inbox.mesh("shop/mug_red/model.obj")
    (inbox.folder / "shop" / "mug_red" / "color.png").write_bytes(b"")
    inbox.mesh("shop/mug_two/a.stl")
    inbox.mesh("shop/mug_two/b.stl")
    assert inbox.settle().startswith("1 registered, 1 rejected")
    reason = (inbox.folder / "shop" / "mug_two.rejected.txt").read_text()
    assert "meshes found: a.stl, b.stl" in reason


def test_an_object_that_is_there_already_is_rejected(inbox: Inbox) -> None:
    """A second delivery would replace a mesh from which clips were made."""
    inbox.mesh("ComAsset/mug.glb")
    assert inbox.settle().startswith("0 registered, 1 rejected")
    (receipt,) = inbox.folder.rglob("*.rejected.txt")
    assert "is in the catalogue already" in receipt.read_text()
