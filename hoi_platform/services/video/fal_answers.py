"""fal's answers as typed models; an answer is parsed here, once, and nowhere else."""

from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hoi_platform.services.secrets import excerpt
from hoi_platform.services.video.remote import UnknownOutcomeError


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


M = TypeVar("M", bound=_Answer)


Address = Annotated[
    str | None, BeforeValidator(lambda value: value if isinstance(value, str) else None)
]


class Queued(_Answer):
    """The answer to a submission or to a query of the status."""

    request_id: Annotated[str, Field(min_length=1, max_length=128)]
    status_url: Address = None
    response_url: Address = None
    cancel_url: Address = None


class Status(_Answer):
    """The state of a request; ``error`` and ``error_type`` where fal's own machinery failed."""

    status: str
    error: str | None = None
    error_type: str | None = None


class _File(_Answer):
    url: str


class Result(_Answer):
    """The answer to a query of a finished request's result."""

    video: _File


class ModelError(_Answer):
    """One object of ``detail`` in the answer of a model that failed."""

    msg: str = ""
    type: str = ""


class Failure(_Answer):
    """The body of an error: ``detail`` is a text of fal's, or a list of the model's errors."""

    detail: str | list[ModelError]
    error_type: str | None = None

    @property
    def code(self) -> str | None:
        """fal's documented type of the error, if it gives one."""
        if isinstance(self.detail, list):
            return next((error.type for error in self.detail if error.type), None)
        return self.error_type

    @property
    def text(self) -> str:
        if isinstance(self.detail, str):
            return self.detail
        return "; ".join(error.msg or error.type for error in self.detail)


def parsed(kind: type[M], data: Any) -> M:
    """Raises UnknownOutcomeError, with what was said, when the data is something else."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise UnknownOutcomeError(
            f"fal's answer is not a {kind.__name__.lower()}: {where}: {first['msg']}; it says "
            f"{excerpt(data)!r}"
        ) from error


def path_on_host(base_url: str, address: str | None) -> str | None:
    """The path of an address that keys may be sent to: of the configured scheme, host and port."""
    if address is None:
        return None
    try:
        found, allowed = urlsplit(address), urlsplit(base_url)
        same = (found.scheme, found.hostname, found.port) == (
            *(allowed.scheme, allowed.hostname),
            allowed.port,
        )
    except ValueError:
        return None
    return found.path if same and not found.username else None
