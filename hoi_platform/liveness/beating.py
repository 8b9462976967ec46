"""A thread that shows that this process works on a run, and stops the process where it may not."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from hoi_platform.liveness.heartbeats import BEAT_EVERY, Heartbeats
from hoi_platform.services.process_id import ProcessId

_log = logging.getLogger(__name__)


@contextmanager
def beating(
    instance: dg.DagsterInstance, run_id: str, every: timedelta = BEAT_EVERY
) -> Iterator[None]:
    """Beat for the run until the block ends.

    The last beat stays: Dagster notes the end of a run after its last step, and a run that is about
    to be noted as a success must not look as if it had never beaten.

    A process that was taken for dead (it was paused, or its machine slept) must not go on beside
    the run's successor: once its run is finished without it, it is stopped by SIGTERM.
    """
    beats, process, ended = Heartbeats(instance), ProcessId.own(), threading.Event()
    beats.beat(run_id, process)

    def keep_beating() -> None:
        while not ended.wait(every.total_seconds()):
            try:
                run = instance.get_run_by_id(run_id)
                if run and run.is_finished and not ended.is_set():
                    _log.error("run %s was ended from outside: stopping", run_id)
                    os.kill(os.getpid(), signal.SIGTERM)
                    return
                beats.beat(run_id, process)
            except SQLAlchemyError as error:  # the next beat may succeed; three missed count
                _log.warning("no heartbeat for run %s: %s", run_id, error)

    thread = threading.Thread(target=keep_beating, name=f"heartbeat {run_id[:8]}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
