"""The auditor's process: it audits without a pause, and answers the bench between two audits."""

import contextlib
from multiprocessing.connection import Connection
from typing import Any, Final

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hoi_platform.services.chaos.audit import Auditor, tasks_of
from hoi_platform.services.chaos.service import Control

_PAUSE_S: Final = 0.2
"""Between two audits (s), for the processor's sake; chosen."""


def audit_until_told(url: str, control: Control, pipe: Connection) -> None:
    """Audit, and answer ``hold``, ``excuse``, ``judge`` and ``end``."""
    engine = create_engine(read_only(url), poolclass=NullPool)
    auditor, excused = Auditor(engine), set[str]()
    while True:
        if not pipe.poll(_PAUSE_S):
            with contextlib.suppress(DBAPIError):  # the server is down, or its files are torn
                _audit(auditor, control, excused)
            continue
        word, subjects = pipe.recv()
        if word == "excuse":
            excused |= set(subjects)
        elif word == "pardon":
            excused -= set(subjects)
        elif word == "hold":
            pipe.send("held")
            pipe.recv()
        elif word == "judge":
            pipe.send(_judged(auditor, control, excused, subjects))
        elif word == "end":
            return


def _audit(auditor: Auditor, control: Control, excused: set[str]) -> tuple[Any, Any]:
    before = tasks_of(control.say("books"))
    rows = auditor.rows()
    after = tasks_of(control.say("books"))
    auditor.audit(before, rows, after, excused)
    return rows, after


def _judged(
    auditor: Auditor, control: Control, excused: set[str], subjects: list[str]
) -> dict[str, Any]:
    """Rows and tasks of some requests, and all that was found so far."""
    rows, tasks = _audit(auditor, control, excused)
    return {
        "rows": [row for row in rows if row.subject in subjects],
        "tasks": [task for task in tasks if task.subject in subjects],
        "findings": auditor.findings.all(),
        "audits": auditor.audits,
    }


def read_only(url: str) -> str:
    """An address by which nothing can be written: an auditor's last close empties no log."""
    if not url.startswith("sqlite:///"):
        return url.replace("postgresql://", "postgresql+psycopg2://", 1)
    return f"sqlite:///file:{url.removeprefix('sqlite:///')}?mode=ro&uri=true"
