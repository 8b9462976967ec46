"""Stages without Dagster: what each depends on, what is done, and how one is run and recorded.

A stage's fingerprint is the hash of its name, version, schema, backend, settings and of the
fingerprints of its inputs; so the whole chain can be judged before anything is run. It holds
contents, no name or path: two partitions with the same content may share one.
"""

import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.arrays import Progress
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.objects import GraspHint, ObjectEntry
from hoi_platform.core.config.settings import Settings
from hoi_platform.core.formats.artifacts import ARTIFACTS, subject_path, upstream_subject
from hoi_platform.core.licensing import License, all_licenses
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.fingerprints import Fingerprints
from hoi_platform.services.artifacts.memory import PeakMemory
from hoi_platform.services.artifacts.record import (
    RECORD_VERSION,
    ArtifactRecord,
)
from hoi_platform.services.artifacts.set_aside import set_aside
from hoi_platform.services.artifacts.store import (
    EARLIER_VERSION,
    NO_RECORD,
    OTHER_INPUTS,
    ArtifactStore,
    Staging,
    State,
    Status,
    made_again,
)
from hoi_platform.services.artifacts.summaries import ObjectRecords
from hoi_platform.services.secrets import redacted


@dataclass(frozen=True)
class Stage:
    """One asset's identity: everything but its body."""

    name: str
    version: str
    """Raised when a change of the code changes results."""
    upstream: tuple[str, ...]
    """All that it may read: the edges of the graph."""
    settings: Callable[[Context], dict[str, Any]]
    """The part of the configuration that the result depends on, as plain JSON."""
    backend: Callable[[Settings], str]
    """The configured backend, part of the fingerprint; a record names what ran."""
    licenses: Callable[[Context], Iterable[License]] = lambda _: ()
    """The terms of what the stage itself brings in: a mesh, a body, a model, a service."""
    reads_truth: bool = False
    """Whether it may open ground truth: measuring and showing may, reconstructing may not."""
    needs: Callable[[Context], tuple[str, ...]] | None = None
    """Those of ``upstream`` that today's configuration has it read; None: all."""
    on_demand: bool = False
    """Made only where a requested stage needs it."""

    def needed(self, context: Context) -> tuple[str, ...]:
        """What has to be done before it, of which its fingerprint is made."""
        return self.upstream if self.needs is None else self.needs(context)


@dataclass
class Work:
    """What a stage's body works with: inputs to read, outputs to write, facts to report."""

    stage: Stage
    subject: ObjectId | ClipId
    context: Context
    store: ArtifactStore
    staging: Staging
    progress: Progress
    ran: str | None = None
    """What did the work, where the body knows better than the configuration."""
    facts: dict[str, Any] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)

    def input(self, asset: str, key: str) -> Path:
        """An upstream file of a declared upstream asset; ground truth only where declared."""
        if not self.needs(asset):
            raise KeyError(f"{self.stage.name} does not declare {asset} as upstream")
        if ARTIFACTS[asset].file(key).privileged and not self.stage.reads_truth:
            raise PermissionError(f"{self.stage.name} may not read {asset}'s {key}: ground truth")
        subject = upstream_subject(asset, self.subject)
        path = self.store.require(asset, key, subject)
        record = self.store.record(asset, subject)
        assert record is not None
        self.read[asset] = record.digest
        return path

    def needs(self, asset: str) -> bool:
        """Whether today's configuration has the stage read an upstream asset."""
        return asset in self.stage.needed(self.context)

    def optional_input(self, asset: str, key: str) -> Path | None:
        """The same for a file that an upstream asset need not have written.

        A file that is there without being part of the artifact is not read.
        """
        subject = upstream_subject(asset, self.subject)
        record = self.store.record(asset, subject)
        relative = ARTIFACTS[asset].relative_path(key, subject)
        written = record is not None and any(name.startswith(relative) for name in record.files)
        return self.input(asset, key) if written else None

    def output(self, key: str) -> Path:
        """Where to write one of the stage's files."""
        return self.staging.path(key)

    def licenses(self) -> tuple[License, ...]:
        """The terms of what the stage brings in and of everything that it has read so far."""
        read = (self.store.record(name, upstream_subject(name, self.subject)) for name in self.read)
        above = (record.known_licenses for record in read if record is not None)
        return all_licenses(self.stage.licenses(self.context), *above)

    def scratch(self, name: str) -> Path:
        """A folder for intermediate files on the results' file system; gone after the stage."""
        path = self.staging.root / ".scratch" / name
        path.mkdir(parents=True)
        return path

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def entry(self) -> ObjectEntry:
        return self.context.entry

    @property
    def grasp(self) -> GraspHint | None:
        return self.context.grasp

    @property
    def object_id(self) -> ObjectId:
        """The object, also of a clip."""
        return self.context.object_id

    @property
    def clip(self) -> ClipId:
        return self.context.clip


class Stages:
    """The chain of stages over one results folder with one set of settings."""

    def __init__(
        self,
        stages: Mapping[str, Stage],
        store: ArtifactStore,
        context: Callable[[ObjectId | ClipId], Context],
    ) -> None:
        self.stages = stages
        self.store = store
        self.context = context

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints(self.stages, self.context)

    def fingerprint(self, name: str, subject: ObjectId | ClipId) -> str:
        """The identity that the stage's result has to have today."""
        return self._fingerprints.of(name, subject)

    def in_demand(self, names: Iterable[str], subject: ObjectId | ClipId) -> list[str]:
        """``names`` without the stages that are made on demand, where none of them demands it."""
        return self._fingerprints.in_demand(names, subject)

    def asked_for(self, name: str, subject: ObjectId | ClipId) -> tuple[str, dict[str, Any]]:
        """The backend and the settings that the stage's result has to have today."""
        asked = self._fingerprints.asked(name, subject)
        return asked.backend, asked.settings

    def status(self, name: str, subject: ObjectId | ClipId, *, verify: bool = True) -> Status:
        """Whether the stage's artifact is up to date with today's inputs."""
        status = self.store.status(name, subject, self.fingerprint(name, subject), verify=verify)
        if status.state in (State.STALE, State.MISSING):
            aside = set_aside(self, name, subject, verify=verify)
            if aside is not None:
                return _set_aside_status(aside)
        return status

    def recorded(self, name: str, subject: ObjectId | ClipId, records: ObjectRecords) -> Status:
        """``status`` by the records alone: no file of the artifact is looked at."""
        status = self._recorded(name, subject, records)
        if status.state in (State.STALE, State.MISSING):
            aside = set_aside(self, name, subject, verify=False)
            return status if aside is None else _set_aside_status(aside)
        return status

    def _recorded(self, name: str, subject: ObjectId | ClipId, records: ObjectRecords) -> Status:
        """Regardless of variants."""
        identity = records.identity(name, subject)
        if identity is None:
            return Status(State.MISSING, NO_RECORD)
        version, fingerprint = identity
        if version != RECORD_VERSION:
            return Status(State.STALE, EARLIER_VERSION)
        if fingerprint != self.fingerprint(name, subject):
            return Status(State.STALE, OTHER_INPUTS)
        changed = records.changed_input(name, subject)
        return _DONE if changed is None else Status(State.STALE, made_again(changed))

    def put_in_place(self, name: str, subject: ObjectId | ClipId) -> ArtifactRecord | None:
        """Put the variant of today's backend in place; None where it has to be made."""
        record = set_aside(self, name, subject)
        if record is not None:
            self.store.put_in_place(subject, record)
        return record

    def restated(self, name: str, subject: ObjectId | ClipId) -> ArtifactRecord | None:
        """The record of a finished result, with the licenses that are stated today.

        A license is a statement about a result and no part of its identity: a new one redoes
        nothing, but is passed on to what follows.
        """
        record = self.store.record(name, subject)
        if record is None:
            return None
        above = (self.store.record(a, upstream_subject(a, subject)) for a in record.inputs)
        licenses = all_licenses(
            self.stages[name].licenses(self.context(subject)),
            *(found.known_licenses for found in above if found is not None),
        )
        if licenses != record.licenses:
            record = record.model_copy(update={"licenses": licenses})
            self.store.rewrite_record(subject, record)
        return record

    def run(
        self,
        name: str,
        subject: ObjectId | ClipId,
        body: Callable[[Work], None],
        progress: Progress,
    ) -> ArtifactRecord:
        """Run a stage's body in a staging folder and put its artifact in place."""
        stage, context = self.stages[name], self.context(subject)
        started, memory = time.perf_counter(), PeakMemory()
        with self.store.staging(name, subject) as staging:
            work = Work(
                stage=stage,
                subject=subject,
                context=context,
                store=self.store,
                staging=staging,
                progress=progress,
            )
            body(work)
            record = ArtifactRecord(
                asset=name,
                subject=subject_path(subject),
                schema_version=ARTIFACTS[name].schema_version,
                fingerprint=self.fingerprint(name, subject),
                code_version=stage.version,
                backend=work.ran or stage.backend(context.settings),
                settings=stage.settings(context),
                inputs=dict(sorted(work.read.items())),
                files={},
                seed=subject.seed if isinstance(subject, ClipId) else None,
                seconds=time.perf_counter() - started,
                peak_memory_mb=memory.megabytes(),
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                machine=f"{platform.machine()} {platform.system()}",
                facts=redacted(work.facts),
                licenses=work.licenses(),
            )
            return self.store.commit(staging, record)


_DONE: Final = Status(State.DONE)


def _set_aside_status(aside: ArtifactRecord) -> Status:
    return Status(State.SET_ASIDE, f"{aside.variant} is put in place by the next run")
