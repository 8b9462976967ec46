"""The secrets that this process knows, and the one filter that everything leaving it passes.

Resources register a key when they read it. From then on the messages of this platform's
exceptions, log records of every library, ledger rows, artifact records and what Dagster stores
are free of it, however it is quoted.
"""

import contextlib
import functools
import logging
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, Final, ParamSpec, TypeVar
from urllib.parse import parse_qsl, urlsplit

from hoi_platform.core import redaction
from hoi_platform.core.errors import HoiError
from hoi_platform.core.secret_patterns import is_signature

P = ParamSpec("P")
R = TypeVar("R")

_MAX_DEPTH: Final = 50
"""Exceptions that caused each other; a longer chain is cut off. Chosen."""
_LONGEST_QUOTE: Final = 300
"""Characters that an error quotes of a service's answer; chosen: a few sentences."""


class _Known:
    """Grows only; replaced in one step, so that readers need no lock."""

    def __init__(self) -> None:
        self.secrets = redaction.NONE_KNOWN
        self._values: set[str] = set()
        self._lock = threading.Lock()

    def add(self, values: set[str]) -> None:
        with self._lock:
            if new := values - self._values:
                self._values |= new
                self.secrets = self.secrets.with_secrets(new)


_known: Final = _Known()


class RedactedError(Exception):
    """Stands for an exception of a library whose own text cannot be changed."""


def register(*secrets: str | None) -> None:
    """Never show these again; parts around a colon (``id:secret``) are secrets of their own."""
    install()
    given = {secret for secret in secrets if secret}
    _known.add(given | {part for secret in given for part in secret.split(":")})


def register_address(url: str | None) -> None:
    """Never show what an address is signed with, wherever a piece of it is quoted."""
    try:
        parts = urlsplit(url or "")
        query, password = parse_qsl(parts.query), parts.password
    except ValueError:  # no address: there is nothing in it to register
        return
    register(password, *(value for name, value in query if is_signature(name, value)))


def redacted(value: Any) -> Any:
    """Text or plain JSON without secrets. To be called before anything is cut."""
    return redaction.redacted(value, _known.secrets)


def excerpt(text: object, longest: int = _LONGEST_QUOTE) -> str:
    """The beginning of a text without secrets; a key across the cut is removed whole."""
    return str(redacted(str(text)))[:longest]


def clean_error(error: BaseException) -> BaseException:
    """The error with everything that it, its causes, contexts and notes say redacted.

    It is changed in place; where a library's class does not let that happen, a RedactedError
    with its name, text and traceback takes its place.
    """
    return _clean(error, {}, 0)


def generates_clean(function: Callable[P, Iterator[R]]) -> Callable[P, Iterator[R]]:
    """``leaves_clean`` for a generator: what it raises while it is consumed is redacted."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        try:
            yield from function(*args, **kwargs)
            return
        except Exception as error:  # noqa: BLE001 - raised below, redacted
            clean = clean_error(error)
        raise clean

    return wrapper


def leaves_clean(function: Callable[P, R]) -> Callable[P, R]:
    """Exceptions leave the function redacted: for everything that Dagster or a shell calls."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - raised below, redacted
            clean = clean_error(error)
        raise clean  # outside of the handler, which would make the original its context

    return wrapper


def install() -> None:
    """Redact every log record of this process and every traceback that it dies with."""
    HoiError.sanitize = staticmethod(redacted)
    if not isinstance(logging.getLogRecordFactory(), _CleanRecords):
        logging.setLogRecordFactory(_CleanRecords(logging.getLogRecordFactory()))
    if not isinstance(sys.excepthook, _CleanTraceback):
        sys.excepthook = _CleanTraceback(sys.excepthook)
        threading.excepthook = _clean_thread_traceback


class _CleanRecords:
    """Makes log records; a filter would miss loggers that have handlers of their own."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        if record.exc_info and record.exc_info[1] is not None:
            clean = clean_error(record.exc_info[1])
            record.exc_info = (type(clean), clean, clean.__traceback__)
        _clean_message(record)
        return record


def _clean_message(record: logging.LogRecord) -> None:
    """Some formatters read the arguments: they keep their number."""
    message = _message_of(record)
    if message is not None and redacted(message) == message:
        return
    if isinstance(record.args, tuple):
        record.args = tuple(_clean_argument(argument) for argument in record.args)
        record.msg = redacted(str(record.msg))
        changed = _message_of(record)
        if changed is None or redacted(changed) == changed:
            return
    record.msg, record.args = redacted(message or str(record.msg)), ()


def _message_of(record: logging.LogRecord) -> str | None:
    """None where format and arguments do not fit, which the handler reports with both."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - an argument's own code
        return None


def _clean_argument(argument: Any) -> Any:
    text = str(argument)
    return argument if redacted(text) == text else redacted(text)


class _CleanTraceback:
    def __init__(self, show: Callable[..., Any]) -> None:
        self._show = show

    def __call__(
        self,
        kind: type[BaseException],
        error: BaseException,
        traceback: types.TracebackType | None,
    ) -> None:
        clean = clean_error(error)
        self._show(type(clean), clean, traceback)


def _clean_thread_traceback(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        sys.excepthook(args.exc_type, args.exc_value, args.exc_traceback)


def _clean(error: BaseException, done: dict[int, BaseException], depth: int) -> BaseException:
    if id(error) in done:
        return done[id(error)]
    done[id(error)] = error
    if depth > _MAX_DEPTH:
        return RedactedError("(earlier errors)")
    clean = error
    if not _is_clean(error):
        _change(error)
        if not _is_clean(error):
            clean = RedactedError(f"{type(error).__qualname__}: {redacted(_text_of(error))}")
            clean.__traceback__ = error.__traceback__
        done[id(error)] = clean
    _link(error, clean, done, depth)
    return clean


def _link(
    error: BaseException, clean: BaseException, done: dict[int, BaseException], depth: int
) -> None:
    """Clean what the error came from; setting a cause would hide the context."""
    hidden = error.__suppress_context__
    cause, context = error.__cause__, error.__context__
    clean.__cause__ = None if cause is None else _clean(cause, done, depth + 1)
    clean.__context__ = None if context is None else _clean(context, done, depth + 1)
    clean.__suppress_context__ = hidden
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            _clean(member, done, depth + 1)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - any code of a library; the class's name has to do
        return "(its text cannot be read)"


def _said(error: BaseException) -> list[str]:
    said = [_text_of(error), *getattr(error, "__notes__", [])]
    with contextlib.suppress(Exception):  # as above
        said.append(repr(error))
    if isinstance(error, BaseExceptionGroup):
        said += [text for member in error.exceptions for text in _said(member)]
    return said


def _is_clean(error: BaseException) -> bool:
    return all(redacted(text) == text for text in _said(error))


def _change(error: BaseException) -> None:
    with contextlib.suppress(Exception):  # read-only classes are replaced as a whole
        error.args = redacted(error.args)
        for name, value in list(vars(error).items()):
            if isinstance(value, str | bytes | list | tuple | dict):
                setattr(error, name, redacted(value))
        if isinstance(error, OSError):
            error.filename, error.filename2 = redacted(error.filename), redacted(error.filename2)
            error.strerror = redacted(error.strerror)
