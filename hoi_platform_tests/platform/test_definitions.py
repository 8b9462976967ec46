"""The map of the system: what depends on what, and that loading it is light."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.definitions import build_defs

GOLDENS = Path(__file__).resolve().parents[1] / "goldens" / "asset_graph"


def _graph() -> dict[str, dict[str, dict]]:
    """Group → asset → what it depends on and where it runs."""
    definitions = build_defs()
    specs = definitions.resolve_all_asset_specs()
    ops = {a.key: a.op for a in definitions.assets or () if isinstance(a, dg.AssetsDefinition)}
    groups: dict[str, dict[str, dict]] = {}
    for spec in specs:
        groups.setdefault(spec.group_name or "", {})[spec.key.to_user_string()] = {
            "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            "group": spec.group_name,
            "queue": ops[spec.key].tags.get("dagster-celery/queue"),
            "pool": ops[spec.key].pool,
            "partitions": type(spec.partitions_def).__name__,
        }
    return groups


def _renew(groups: dict[str, dict[str, dict]]) -> None:
    """One file per group, so that two people who add groups change no file of each other's."""
    for file in GOLDENS.glob("*.json"):
        if file.stem not in groups:
            file.unlink()
    for group, assets in groups.items():
        text = json.dumps(assets, indent=1, sort_keys=True) + "\n"
        (GOLDENS / f"{group}.json").write_text(text)


def test_the_asset_graph_is_the_committed_one(request: pytest.FixtureRequest) -> None:
    """A dependency would appear or vanish unnoticed. Renew: pytest --renew_goldens."""
    groups = _graph()
    if request.config.getoption("--renew_goldens"):
        _renew(groups)
    committed = {file.stem: json.loads(file.read_text()) for file in GOLDENS.glob("*.json")}
    assert groups == committed


def test_the_definitions_are_valid() -> None:
    """The web page would show an error instead of the assets."""
    dg.Definitions.validate_loadable(build_defs())


def test_every_stage_has_an_artifact_and_a_description() -> None:
    """An asset would have no place for its files, or no word on its page."""
    for spec in build_defs().resolve_all_asset_specs():
        assert spec.key.to_user_string() in ARTIFACTS or spec.group_name == "spending"
        assert spec.description
    assert {name for name, kind in ARTIFACTS.items() if kind.scope != "index"} == set(STAGES)


def test_upstream_artifacts_are_declared_before_they_are_read() -> None:
    """A stage's fingerprint would not cover one of its inputs."""
    order = flow_order()
    for name, stage in STAGES.items():
        assert all(order.index(above) < order.index(name) for above in stage.upstream)


def test_loading_definitions_imports_nothing_heavy() -> None:
    """The web page, the daemon and each step's process would take seconds longer to start."""
    heavy = ["torch", "bpy", "mediapipe", "vtk", "cv2", "anny", "trimesh", "transformers"]
    code = f"import sys, hoi_platform.definitions; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_help_imports_neither_dagster_nor_torch() -> None:
    """`hoi --help` would take seconds."""
    code = (
        "import sys\nfrom hoi_platform.cli import app\n"
        "print([m for m in ('dagster', 'torch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
