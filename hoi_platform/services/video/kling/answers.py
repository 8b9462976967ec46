"""Kling's answers as typed models; an answer is parsed here, once, and nowhere else."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from hoi_platform.services.secrets import excerpt
from hoi_platform.services.video.pricing import UNIT_USD, plausible_usd
from hoi_platform.services.video.remote import RemoteState, RemoteTask, UnknownOutcomeError

_STATES: Final[dict[str, RemoteState]] = {
    "submitted": "submitted",
    "processing": "processing",
    "succeed": "succeeded",  # the legacy generation
    "succeeded": "succeeded",
    "failed": "failed",
}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _number(value: Any) -> Decimal | None:
    """A malformed number counts as none: it must not make the task unreadable."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Optional information that cannot be read counts as none."""
    try:
        return validate(value)
    except ValidationError:
        return None


TaskId = Annotated[str, Field(min_length=1, max_length=128)]
Text = Annotated[str, BeforeValidator(_text)]
Figure = Annotated[Decimal | None, BeforeValidator(_number)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


M = TypeVar("M", bound=_Answer)


class Envelope(_Answer):
    """What every answer is wrapped in."""

    code: int | None = None
    message: Text = ""
    data: Any = None


class _Video(_Answer):
    url: str | None = None
    type: str = "video"


class _LegacyResult(_Answer):
    videos: list[_Video] | None = None


class _TaskInfo(_Answer):
    external_task_id: str | None = None


class LegacyTask(_Answer):
    """A task of the legacy generation."""

    task_id: TaskId
    task_status: str
    task_status_msg: Text = ""
    task_info: _TaskInfo | None = None
    task_result: _LegacyResult | None = None
    final_unit_deduction: Figure = None

    @property
    def external_task_id(self) -> str | None:
        return self.task_info.external_task_id if self.task_info else None


class _Deduction(_Answer):
    charge_type: Text = ""
    amount: Figure = None


class NewTask(_Answer):
    """A task of the generation of mid-2026."""

    id: TaskId
    status: str
    external_task_id: str | None = None
    message: Text = ""
    outputs: list[_Video] | None = None
    billing: Annotated[list[_Deduction] | None, WrapValidator(_or_none)] = None


def legacy_task(data: Any, external_task_id: str | None) -> RemoteTask:
    """Raises UnknownOutcomeError when the data is not the task that was asked for."""
    task = _parsed(LegacyTask, data)
    _require_same(task.external_task_id, external_task_id)
    videos = (task.task_result.videos if task.task_result else None) or []
    units = task.final_unit_deduction
    return RemoteTask(
        task_id=task.task_id,
        external_task_id=task.external_task_id or external_task_id,
        state=_STATES.get(task.task_status, "unknown"),
        message=_message(task.task_status, task.task_status_msg),
        video_url=videos[0].url if videos else None,
        cost_usd=None if units is None else plausible_usd(units * UNIT_USD),
        answer=data,
    )


def new_task(data: Any, external_task_id: str | None) -> RemoteTask:
    """Raises UnknownOutcomeError when the data is not the task that was asked for."""
    task = _parsed(NewTask, data)
    _require_same(task.external_task_id, external_task_id)
    videos = [output for output in task.outputs or [] if output.type == "video"]
    return RemoteTask(
        task_id=task.id,
        external_task_id=task.external_task_id or external_task_id,
        state=_STATES.get(task.status, "unknown"),
        message=_message(task.status, task.message),
        video_url=videos[0].url if videos else None,
        cost_usd=_cost(task.billing or []),
        answer=data,
    )


def external_id_in(item: Any) -> str | None:
    """Our id in an item of a list, whatever else is wrong with it."""
    if not isinstance(item, dict):
        return None
    info = item.get("task_info")
    found = info.get("external_task_id") if isinstance(info, dict) else None
    found = found or item.get("external_task_id")
    return found if isinstance(found, str) else None


def _parsed(kind: type[M], data: Any) -> M:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "data"
        raise UnknownOutcomeError(
            f"Kling's answer is not a task: {where}: {first['msg']}; it says {excerpt(data)!r}"
        ) from error


def _require_same(found: str | None, asked: str | None) -> None:
    if found and asked and found != asked:
        raise UnknownOutcomeError(
            f"Kling was asked for {asked} and answered with {excerpt(found, 80)!r}"
        )


def _message(status: str, message: str) -> str:
    if status in _STATES:
        return message
    return f"Kling reports the unknown task status {excerpt(status, 40)!r}" + (
        f" ({excerpt(message)})" if message else ""
    )


def _cost(billing: list[_Deduction]) -> Decimal | None:
    """Sum of the deductions: ``cash`` is USD, ``unit`` units of a resource pack."""
    amounts = [
        None if item.amount is None else item.amount * (UNIT_USD if _is_unit(item) else 1)
        for item in billing
    ]
    if not amounts or None in amounts:
        return None
    return plausible_usd(sum((a for a in amounts if a is not None), Decimal(0)))


def _is_unit(item: _Deduction) -> bool:
    return item.charge_type == "unit"
