"""Definitions whose stages write filler in no time: the daemon, runs, records and sensors are real.

Loaded by daemons of tests. HOI_STUB_FOLDER is a folder in which stages leave word and find what to
wait for.
"""

import json
import os
import time
from pathlib import Path

import dagster as dg

from hoi_platform.assets.dataset.dataset_index import dataset_index
from hoi_platform.assets.stage import STAGES, Look, flow_order, stage_asset
from hoi_platform.core.clip import ClipId
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.definitions import CHECKS, JOBS, SENSORS, build_defs
from hoi_platform.liveness.executor import beating_executor
from hoi_platform.services.artifacts.stages import Stage, Work

_CONTENT = {"verdict": json.dumps(Verdict((), 10, 10).to_json()), "accuracy": "null"}


def stub(stage: Stage) -> dg.AssetsDefinition:
    """The stage with a body that writes filler; what it depends on is as it was."""

    def body(work: Work) -> None:
        _wait(work)
        for file in ARTIFACTS[stage.name].files:
            path = work.output(file.key)
            if path.is_dir():
                (path / "filler").write_text(stage.name)
            else:
                path.write_text(_CONTENT.get(file.key, "filler"))
        for above in stage.needed(work.context):
            work.input(above, ARTIFACTS[above].files[0].key)

    body.__name__ = stage.name
    identity = {name: getattr(stage, name) for name in ("version", "upstream", "settings", "needs")}
    more = {name: getattr(stage, name) for name in ("backend", "reads_truth", "on_demand")}
    return stage_asset(Look("stubs", frozenset()), **identity, **more)(body)


def _wait(work: Work) -> None:
    """A stage for which there is a file ``<stage>.<seed>.wait`` says so and does not go on."""
    if not isinstance(work.subject, ClipId):
        return
    name = f"{work.stage.name}.{work.subject.seed}"
    folder = Path(os.environ["HOI_STUB_FOLDER"])
    while (folder / f"{name}.wait").exists():
        (folder / f"{name}.waits").touch()
        time.sleep(0.1)


defs = dg.Definitions(
    assets=[*(stub(STAGES[name]) for name in flow_order()), dataset_index],
    asset_checks=CHECKS,
    jobs=JOBS,
    sensors=SENSORS,
    resources=build_defs().resources,
    executor=beating_executor,
)
