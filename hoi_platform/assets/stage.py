"""How a stage becomes a Dagster asset: skip what is done, run the body, report what was made.

Belongs here: the bridge between stages and Dagster. Does not: anything about a single stage.
"""

import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import dagster as dg

from hoi_platform.assets.checks import StoredCheck
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.settings import Settings
from hoi_platform.core.errors import (
    HoiError,
    NeedsApprovalError,
    PendingError,
    PermanentError,
    UpstreamError,
)
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.core.licensing import License, all_licenses, commercial_ok
from hoi_platform.partitions import CELLS, OBJECTS, split_key
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.stages import Stage, Work
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.clips import VIDEO, video_rejection
from hoi_platform.services.plans.book import CURE
from hoi_platform.services.platform import Platform
from hoi_platform.services.secrets import excerpt, generates_clean
from hoi_platform.unfinished.tags import WAITS

Body = Callable[..., None]
Preview = Callable[[ArtifactStore, ObjectId | ClipId], bytes]
"""A small JPEG of an artifact, drawn from its files."""

Pages = Callable[[ArtifactStore, ObjectId | ClipId], dict[str, Path]]
"""Files inside an artifact's folders that are worth a link of their own, by name."""

STAGES: Final[dict[str, Stage]] = {}
"""Every stage by name: the package imports all asset modules. ``flow_order`` sorts them."""


def flow_order() -> list[str]:
    """Every stage, upstream first: the order of the table of artifacts."""
    return [name for name in ARTIFACTS if name in STAGES]


Queue = Literal["cpu", "blender", "gpu"]


@dataclass(frozen=True)
class Look:
    """How an asset appears on the Dagster page and where it runs."""

    group: str
    kinds: frozenset[str]
    preview: Preview | None = None
    pages: Pages | None = None
    check: StoredCheck | None = None
    queue: Queue = "cpu"
    """The queue of the workers that run it where steps are distributed."""
    pool: str | None = None
    """No more steps of a pool run at once than its limit in dagster.yaml allows."""

    @property
    def op_tags(self) -> dict[str, str]:
        """What dagster-celery chooses the worker by."""
        return {"dagster-celery/queue": self.queue}


def stage_asset(
    look: Look,
    *,
    version: str,
    upstream: tuple[str, ...] = (),
    settings: Callable[[Context], dict[str, Any]] = lambda _: {},
    backend: Callable[[Settings], str] = lambda _: "builtin",
    licenses: Callable[[Context], Iterable[License]] = lambda _: (),
    reads_truth: bool = False,
    needs: Callable[[Context], tuple[str, ...]] | None = None,
    on_demand: bool = False,
) -> Callable[[Body], dg.AssetsDefinition]:
    """Turn ``body(work, **resources)`` into the asset of the same name.

    The body's parameters after ``work`` name the resources that it uses. Its docstring is the
    asset's description.
    """

    def decorate(body: Body) -> dg.AssetsDefinition:
        name = body.__name__
        stage = Stage(
            *(name, version, upstream, settings, backend, licenses, reads_truth, needs, on_demand)
        )
        STAGES[name] = stage
        uses = list(inspect.signature(body).parameters)[1:]

        @dg.asset(
            name=name,
            deps=list(upstream),
            partitions_def=OBJECTS if ARTIFACTS[name].scope == "object" else CELLS,
            description=inspect.getdoc(body),
            group_name=look.group,
            kinds=set(look.kinds),
            code_version=version,
            pool=look.pool,
            op_tags=look.op_tags,
            output_required=ARTIFACTS[name].scope != "clip",  # see _materialize
            check_specs=[look.check.spec] if look.check else None,
            required_resource_keys={"platform", "progress", *uses},
        )
        def asset(context: dg.AssetExecutionContext) -> Iterator[Any]:
            resources = {key: getattr(context.resources, key) for key in uses}
            yield from _materialize(context, stage, look, lambda work: body(work, **resources))

        return asset

    return decorate


def subject_of(platform: Platform, partition_key: str) -> ObjectId | ClipId:
    """The object or clip that a partition key stands for."""
    object_key, seed = split_key(partition_key)
    object_id = platform.catalogue.by_key(object_key)
    return object_id if seed is None else platform.clip(object_id, seed)


def _is_below_video(upstream: Sequence[str]) -> bool:
    return any(name == VIDEO or _is_below_video(STAGES[name].upstream) for name in upstream)


def licenses_above(name: str, context: Context) -> tuple[License, ...]:
    """The terms of all that a stage of a clip or an object is to be made from today."""
    of_object = context.at(context.object_id)
    groups: dict[str, Iterable[License]] = {}
    pending = [*STAGES[name].needed(context)]
    while pending:
        above = pending.pop()
        if above not in groups:
            scope = of_object if ARTIFACTS[above].scope == "object" else context
            groups[above] = STAGES[above].licenses(scope)
            pending += STAGES[above].needed(scope)
    return all_licenses(*groups.values())


def task_of(subject: ObjectId | ClipId) -> str:
    """The task whose configuration applies."""
    return (subject.object_id if isinstance(subject, ClipId) else subject).task


@generates_clean
def _materialize(
    context: dg.AssetExecutionContext, stage: Stage, look: Look, body: Callable[[Work], None]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult | dg.AssetObservation]:
    """One result; none, and no error, where the clip's video was rejected, waits for its approval,
    or is not there yet."""
    platform: Platform = context.resources.platform.platform()
    subject = subject_of(platform, context.partition_key)
    rejected = video_rejection(platform.store, subject) if _is_below_video(stage.upstream) else ""
    if rejected:
        context.log.warning(
            "%s of %s is not made; rejected: video: %s; `hoi ledger accept` lets the clip continue",
            stage.name,
            subject,
            rejected,
        )
        if look.check:
            yield look.check.not_passed(f"rejected: video: {rejected}")
        return
    try:
        record, how = _made(context, platform, stage, subject, body)
    except (PendingError, NeedsApprovalError) as waits:
        state = "not there yet" if isinstance(waits, PendingError) else "not made"
        text = f"{stage.name} of {subject} is {state}: {waits}"
        context.log.warning("%s", text)
        context.instance.add_run_tags(context.run.run_id, {WAITS: excerpt(text)})
        if isinstance(waits, NeedsApprovalError):
            yield needs_approval(context, stage.name, waits)
        if look.check:
            yield look.check.not_passed(text)
        return
    metadata = _metadata(platform, stage, look, subject, record)
    metadata["status"] = dg.MetadataValue.text(how)
    for name, note in platform.settings_note(task_of(subject)).items():
        metadata[name] = dg.MetadataValue.text(note)
    yield dg.MaterializeResult(
        metadata=metadata,
        data_version=dg.DataVersion(record.fingerprint[:32]),
        check_results=[look.check.evaluate(platform.store, subject)] if look.check else [],
    )


NEEDS_APPROVAL: Final = "needs approval"
"""Metadata of an observation: the price of what was not bought."""


def needs_approval(
    context: dg.AssetExecutionContext, name: str, waits: NeedsApprovalError
) -> dg.AssetObservation:
    """What the page shows of an asset that waits for a plan; its cell stays missing."""
    return dg.AssetObservation(
        name,
        partition=context.partition_key,
        description=str(waits),
        metadata={NEEDS_APPROVAL: f"${waits.usd:.2f}", "cure": CURE},
    )


def _made(
    context: dg.AssetExecutionContext,
    platform: Platform,
    stage: Stage,
    subject: ObjectId | ClipId,
    body: Callable[[Work], None],
) -> tuple[ArtifactRecord, str]:
    """The record of what stands at the end, and how it came to be there."""
    stages = platform.stages(STAGES)
    with _final_failures(context, subject):
        platform.require_supported(task_of(subject), [stage.name])
        _require_upstream(platform, stage, subject)
        status = stages.status(stage.name, subject)
        forced = stage.name in platform.force
        kept = not forced and (status.done or stages.put_in_place(stage.name, subject) is not None)
        record = stages.restated(stage.name, subject) if kept else None
        if record is not None:
            return record, "already done" if status.done else "put in place"
        context.log.info("%s of %s: %s (%s)", stage.name, subject, status.state, status.reason)
        report = context.resources.progress.reporter(context, stage.name)
        return stages.run(stage.name, subject, body, report), "made"


_NO_RUN_RETRY: Final = {
    "dagster/max_retries": "0",
    "dagster/retry_on_asset_or_op_failure": "false",
}


@contextlib.contextmanager
def _final_failures(
    context: dg.AssetExecutionContext, subject: ObjectId | ClipId
) -> Iterator[None]:
    """An error of ours is what the page and the command line show, with its object or clip.

    A permanent one is tried again neither by the step nor by a re-execution of its run.
    """
    try:
        yield
    except (PendingError, NeedsApprovalError):
        raise
    except HoiError as error:
        text = str(error) if str(subject) in str(error) else f"{subject}: {error}"
        permanent = isinstance(error, PermanentError)
        if permanent:
            context.instance.add_run_tags(context.run.run_id, _NO_RUN_RETRY)
        raise dg.Failure(text, allow_retries=not permanent) from error


def _require_upstream(platform: Platform, stage: Stage, subject: ObjectId | ClipId) -> None:
    """Refuse inputs that are stale under today's settings, or differ from their records."""
    stages = platform.stages(STAGES)
    for asset in stage.needed(stages.context(subject)):
        above = upstream_subject(asset, subject)
        assert above is not None
        status = stages.status(asset, above)
        if not status.done:
            raise UpstreamError(
                f"{stage.name} of {subject} needs {asset}, which is {status.state} "
                f"({status.reason}); materialize {asset} first"
            )


def _metadata(
    platform: Platform,
    stage: Stage,
    look: Look,
    subject: ObjectId | ClipId,
    record: ArtifactRecord,
) -> dict[str, dg.MetadataValue]:
    metadata: dict[str, dg.MetadataValue] = {
        "subject": dg.MetadataValue.text(str(subject)),
        "backend": dg.MetadataValue.text(record.backend),
        "seconds": dg.MetadataValue.float(round(record.seconds, 2)),
        "made_at": dg.MetadataValue.text(record.created_at),
        "licenses": dg.MetadataValue.json([item.model_dump() for item in record.known_licenses]),
        "commercial_ok": dg.MetadataValue.bool(commercial_ok(record.known_licenses)),
    }
    if variants := platform.store.variants(stage.name, subject):
        metadata["variant"] = dg.MetadataValue.text(record.variant)
        others = [name for name in variants if name != record.variant]
        metadata["set_aside"] = dg.MetadataValue.text(", ".join(others) or "none")
    for key, value in record.facts.items():
        metadata[key] = metadata_value(value)
    for file in ARTIFACTS[stage.name].files:
        path = platform.store.path(stage.name, file.key, subject)
        if path.exists() and not file.privileged:
            metadata[f"file_{file.key}"] = _file_value(platform, path)
    for name, path in (look.pages(platform.store, subject) if look.pages else {}).items():
        metadata[name] = _file_value(platform, path)
    if look.preview is not None:
        from hoi_platform.services.viewer.thumbnail import data_uri_markdown

        picture = data_uri_markdown(look.preview(platform.store, subject))
        metadata["preview"] = dg.MetadataValue.md(picture)
    return metadata


def metadata_value(value: Any) -> dg.MetadataValue:
    """A fact of a record as Dagster shows it."""
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    if isinstance(value, str):
        return dg.MetadataValue.text(value)
    return dg.MetadataValue.null() if value is None else dg.MetadataValue.json(value)


def _file_value(platform: Platform, path: Path) -> dg.MetadataValue:
    """A link to a file on the web server where there is one, else its path."""
    if platform.files_url is None or path.is_dir():
        return dg.MetadataValue.path(str(path))
    relative = path.relative_to(platform.store.root).as_posix()
    return dg.MetadataValue.url(f"{platform.files_url.rstrip('/')}/{quote(relative)}")
