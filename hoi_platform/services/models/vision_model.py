"""A vision-language model: every question is in the ledger and paid for once."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from hoi_platform.core.errors import (
    AccountError,
    HoiError,
    RefusedError,
    TransientError,
    UnsettledError,
)
from hoi_platform.services.accounts import ACCOUNT_REFUSAL, account_error, is_account_refusal
from hoi_platform.services.ledger.intent import LEASE, Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.models.endpoint import (
    ChatEndpoint,
    Completion,
    NoStructureError,
)
from hoi_platform.services.models.pricing import estimate_usd, price_usd
from hoi_platform.services.models.question import Question
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.secrets import excerpt
from hoi_platform.services.video import http
from hoi_platform.services.video.remote import NotAcceptedError

S = RequestState

_CUT_OFF: Final = ("length", "content_filter")
"""Why an answer ended before its end: half a sentence is not an answer."""
ASKING: Final = RetryPolicy(attempts=4, longest_pause_s=60.0)
"""To have a question answered."""
SENDING_S: Final = 0.8 * LEASE.total_seconds()
"""Total time of one attempt, which may send twice; when the lease ends, another process may ask."""
_MAX_ID: Final = 128
"""Longest identifier of an answer that is kept (characters); chosen."""
_MAX_ANSWER: Final = 20_000
"""Longest answer that is kept (characters); chosen at ten times what ``max_tokens`` of any question
allows."""


class VisionModel:
    """Asks questions; the same question is paid for once and answered from the ledger after."""

    def __init__(
        self,
        endpoint: ChatEndpoint,
        model: str,
        ledger: Ledger,
        sleep: Callable[[float], None],
        account: str = "openai",
        retry: RetryPolicy = ASKING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._endpoint = endpoint
        self._ledger = ledger
        self._sleep = sleep
        self._account = account
        self._retry = retry
        self._clock = clock
        self._structured = True
        """Until the endpoint says that it knows no structured output."""

    def ask(self, question: Question) -> str:
        """The model's answer; empty when it refused or was cut off.

        Raises RefusedError, AccountError, BudgetError, TransientError, or UnsettledError when an
        answer arrived that the ledger could not keep.
        """
        fingerprint = question.fingerprint(self.model)
        self._ledger.reserve(self._intent(question, fingerprint))
        try:
            return self._retry.retry(
                TransientError, lambda: self._attempt(question, fingerprint), self._sleep
            )
        except TransientError as error:
            raise TransientError(
                f"{question.subject}: {self.model} gave no answer in {self._retry.attempts} "
                f"attempts: {error}"
            ) from error

    def _attempt(self, question: Question, fingerprint: str) -> str:
        """The answer in the ledger, or that of one attempt to send."""
        self._ledger.release_abandoned()
        row = self._ledger.latest_attempt(fingerprint)
        assert row is not None
        if (known := self._known(row, question)) is not None:
            return known
        row = self._ledger.get(row.fingerprint)
        if row.state == S.RESERVED and row.account != self._account:
            # No service has accepted it: today's account pays.
            row = self._ledger.advance_if(row, S.RESERVED, account=self._account)
        if self._ledger.begin_sending(row) is None:
            raise TransientError(f"another process is asking (ledger row {row.id})")
        return self._send(row, question)

    def _known(self, row: RequestRow, question: Question) -> str | None:
        """The answer that the ledger holds. Raises RefusedError where it holds a refusal."""
        if row.state == S.SUCCEEDED and row.result is not None:
            row = self._ledger.advance(row.fingerprint, S.DELIVERED)
        if row.state == S.DELIVERED and row.result is not None:
            return row.result
        if row.state == S.SUCCEEDED:
            lost = "its answer was paid for and lost before it was recorded"
            row = self._ledger.advance(row.fingerprint, S.FAILED, reason=lost)
        if is_account_refusal(row):
            raise account_error(row)
        if row.state in (S.REFUSED, S.FAILED):
            raise RefusedError(
                f"{question.subject}: {self.model} refused (ledger row {row.id}): {row.reason}. "
                f"It is not asked again automatically; see `hoi ledger show {row.id}`"
            )
        if row.state == S.DOUBTFUL:
            # A lost answer cannot be looked up; asking again costs cents and is counted.
            self._ledger.advance(row.fingerprint, S.RESERVED, reason="asked again")
        return None

    def _send(self, row: RequestRow, question: Question) -> str:
        """One attempt; the row never stays ``sending``, whatever ends it."""
        try:
            completion = self._completion(question)
        except RefusedError as error:
            known = {"answer": ACCOUNT_REFUSAL} if isinstance(error, AccountError) else {}
            row = self._note(row, S.REFUSED, error, **known)
            if is_account_refusal(row):
                raise account_error(row) from error
            raise
        except NotAcceptedError as error:
            self._note(row, S.RESERVED, error)
            raise
        except BaseException as error:
            lost = TransientError(f"no answer: {type(error).__name__}: {error}")
            self._note(row, S.DOUBTFUL, lost)
            if not isinstance(error, Exception):  # a signal ends the process
                raise
            raise lost from error
        return self._keep(row, completion)

    def _completion(self, question: Question) -> Completion:
        """One or two sendings, which end together before the lease does."""
        began = self._clock()
        if self._structured:
            try:
                return self._endpoint.complete(question.request(self.model, structured=True))
            except NoStructureError:
                self._structured = False
        left_s = SENDING_S - (self._clock() - began)
        if left_s <= 0:  # this machine slept, say
            raise NotAcceptedError("no time was left to ask without structured output")
        body = question.request(self.model, structured=False)
        return self._endpoint.complete(body, min(http.ATTEMPT_S, left_s))

    def _keep(self, row: RequestRow, completion: Completion) -> str:
        """Record a paid answer before it is used."""
        choice, usage = completion.choices[0], completion.tokens
        refusal = choice.message.refusal
        unusable = bool(refusal) or choice.finish_reason in _CUT_OFF
        text = "" if unusable else excerpt(choice.message.content or "", _MAX_ANSWER)
        task_id = excerpt(completion.id, _MAX_ID)
        counted = None if usage is None else usage.prompt_tokens + usage.completion_tokens
        cost = usage and price_usd(self.model, usage.prompt_tokens, usage.completion_tokens)
        try:
            self._ledger.advance(
                row.fingerprint,
                S.SUCCEEDED,
                task_id=task_id or None,
                tokens=counted,
                cost_usd=cost,
                answer={"finish_reason": choice.finish_reason, "refusal": refusal},
                result=text,
            )
            self._ledger.advance(row.fingerprint, S.DELIVERED)
        except Exception as error:  # a full disk, a lost database: the answer was paid for
            raise UnsettledError(
                f"the answer {task_id!r} to ledger row {row.id} arrived and could not be written: "
                f"{error}. Repair the ledger and run again: the question will be asked again"
            ) from error
        return text

    def _note(
        self, row: RequestRow, state: RequestState, error: HoiError, **known: Any
    ) -> RequestRow:
        return self._ledger.advance(row.fingerprint, state, reason=str(error), **known)

    def _intent(self, question: Question, fingerprint: str) -> Intent:
        return Intent(
            fingerprint=fingerprint,
            kind="vision",
            provider="openai",
            account=self._account,
            model=self.model,
            subject=question.subject,
            estimate_usd=self._estimate_usd(question),
            attempt=question.attempt,
        )

    def _estimate_usd(self, question: Question) -> Decimal:
        images = len(question.images)
        return estimate_usd(self.model, question.characters, images, question.max_tokens)
