"""Looks for a task that may exist."""

from dataclasses import dataclass

from hoi_platform.core.errors import UnsettledError
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.retry import RetryPolicy, Sleep
from hoi_platform.services.video.remote import RemoteTask, TaskRef, VideoProvider


@dataclass(frozen=True)
class LookUp:
    """Queries one account for the tasks of rows by our id."""

    provider: VideoProvider
    sleep: Sleep
    policy: RetryPolicy

    def task(self, row: RequestRow, *, once: bool = False) -> RemoteTask | None:
        """The row's task; None when every look-up of the policy (or the only one) finds none.

        A look-up that fails says nothing: it raises what ``VideoProvider.find`` raises.
        """

        def find() -> RemoteTask | None:
            return self.provider.find(task_ref(row))

        if once:
            return find()
        return self.policy.until(lambda task: task is not None, find, self.sleep)

    def require_possible(self, row: RequestRow) -> None:
        """Raises UnsettledError unless today's account can be queried for the row's task."""
        name = self.provider.name
        if not self.provider.knows_our_ids and row.task_id is None:
            raise UnsettledError(
                f"{row.subject}: it is not known whether {name} accepted the request (ledger row "
                f"{row.id}: {row.reason}), and {name} cannot be queried by our id. Look into its "
                f"console and settle the row with `hoi ledger settle {row.id} --task-id ID` or "
                "`--not-accepted`"
            )
        if row.account != self.provider.account:
            raise UnsettledError(
                f"{row.subject}: ledger row {row.id} was sent with the account {row.account}, "
                f"and today's keys are of {self.provider.account}, which cannot look it up; use "
                f"those keys again, or settle the row with `hoi ledger settle {row.id}`"
            )


def task_ref(row: RequestRow) -> TaskRef:
    """The ids by which a row's task is queried."""
    return TaskRef(row.external_task_id, row.task_id, row.model, row.answer or {})
