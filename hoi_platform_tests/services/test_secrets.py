"""One filter foreverything that leaves the process: exceptions with their causes, log records."""

import logging
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable

import httpx
import pytest
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from hoi_platform.core.errors import HoiError, RefusedError
from hoi_platform.services import secrets

KEY = "marked-Zk9xQvW7f4tXb2LmN8"


class _Answer(BaseModel):
    count: int


def _http_status() -> None:
    request = httpx.Request("GET", f"https://cdn.example/a.mp4?Signature={KEY}")
    httpx.Response(403, request=request).raise_for_status()


def _openai_status() -> None:
    import httpx2
    import openai

    request = httpx2.Request("POST", "https://api.example/v1")
    response = httpx2.Response(401, request=request)
    body = {"message": f"Incorrect API key provided: {KEY}"}
    raise openai.AuthenticationError(f"401 {body}", response=response, body=body)


def _pydantic() -> None:
    _Answer.model_validate({"count": KEY})


def _pydantic_json() -> None:
    _Answer.model_validate_json(f'{{"count": "{KEY}"}}')


def _group() -> None:
    raise ExceptionGroup(f"two with {KEY}", [ValueError(KEY), OSError(2, "no", f"/tmp/{KEY}")])


def _noted() -> None:
    error = ValueError("clean")
    error.add_note(f"while sending {KEY}")
    raise error


def _cause() -> None:
    try:
        _pydantic()
    except ValueError as error:
        raise RuntimeError("the answer is wrong") from error


def _context() -> None:
    try:
        raise KeyError(KEY)
    except KeyError:
        raise RuntimeError("something else") from None


def _deep() -> None:
    error: Exception = ValueError(KEY)
    for number in range(20):
        error, cause = RuntimeError(number), error
        error.__cause__ = cause
    raise error


def _raise(error: BaseException) -> Callable[[], None]:
    def raising() -> None:
        raise error

    return raising


def _ours() -> None:
    raise RefusedError(f"HTTP 401: {KEY}")


class _ReadOnlyError(Exception):
    def __str__(self) -> str:
        return f"always {KEY}"


def _cycle() -> None:
    first, second = ValueError(KEY), ValueError(f"2 {KEY}")
    first.__cause__, second.__cause__ = second, first
    raise first


ERRORS: dict[str, Callable[[], None]] = {
    "httpx status": _http_status,
    "openai status": _openai_status,
    "httpx invalid address": lambda: httpx.get(f"https://[{KEY}/"),
    "pydantic": _pydantic,
    "pydantic of JSON": _pydantic_json,
    "SQLAlchemy": _raise(OperationalError(f"insert '{KEY}'", {"a": KEY}, Exception(KEY))),
    "system": _raise(OSError(13, f"not {KEY}", f"/tmp/{KEY}")),
    "Unicode": lambda: KEY.encode("ascii").decode("utf-16-le", "strict").encode("ascii"),
    "key": _raise(KeyError(KEY)),
    "bytes": _raise(ValueError(KEY.encode())),
    "structure": _raise(ValueError({"headers": [("Authorization", f"Key {KEY}")]})),
    "subprocess": _raise(subprocess.CalledProcessError(1, ["curl", KEY], stderr=KEY)),
    "group": _group,
    "notes": _noted,
    "cause": _cause,
    "hidden context": _context,
    "deep chain": _deep,
    "text that cannot be changed": _raise(_ReadOnlyError()),
    "cycle": _cycle,
    "ours": _ours,
}


def _everything(error: BaseException, seen: set[int] | None = None) -> str:
    """What any printer could say of an error, hidden contexts included."""
    seen = set() if seen is None else seen
    if id(error) in seen:
        return ""
    seen.add(id(error))
    said = [str(error), repr(error), *getattr(error, "__notes__", [])]
    said += traceback.format_exception_only(error)
    said += [_everything(e, seen) for e in (error.__cause__, error.__context__) if e is not None]
    if isinstance(error, BaseExceptionGroup):
        said += [_everything(e, seen) for e in error.exceptions]
    return "\n".join(said)


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_leave_without_secrets(kind: str) -> None:
    """Dagster stores every exception with all of its causes, and shows them on its page."""
    secrets.register(KEY)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any class, also a replaced one
        secrets.leaves_clean(ERRORS[kind])()
    text = _everything(caught.value)
    assert KEY.lower() not in text.lower()
    assert "marked" not in text
    assert caught.value.__traceback__ is not None


def test_errors_of_ours_hold_no_secret_from_the_start() -> None:
    """A key would be in an error that is printed before it reaches any boundary."""
    secrets.register(KEY)
    error = HoiError(f"see https://a.example/b?sig=1 with {KEY}")
    assert str(error) == "see https://a.example/b?(removed) with (removed)"
    assert error.args == (str(error),)


def test_clean_errors_keep_their_class_and_text() -> None:
    """Retries by class would stop working, and diagnoses be lost."""
    error = RefusedError("the mug is too heavy: 12 tokens, https://docs.example/a")
    with pytest.raises(RefusedError) as caught:
        secrets.leaves_clean(_raise(error))()
    assert caught.value is error
    assert "12 tokens, https://docs.example/a" in str(error)


LOGGED: dict[str, Callable[[logging.Logger], None]] = {
    "message": lambda log: log.warning(f"sent {KEY}"),
    "argument": lambda log: log.warning("sent %s with %d", KEY, 3),
    "address": lambda log: log.warning("GET %s", httpx.URL(f"https://a.b/c?x={KEY}")),
    "mapping": lambda log: log.warning("%(a)s", {"a": KEY}),
    "both": lambda log: log.warning(f"{KEY[:9]}%s", KEY[9:]),
    "wrong format": lambda log: log.warning(*("sent %s %s", KEY)),
    "object": lambda log: log.warning(ValueError(KEY)),
}


@pytest.mark.parametrize("kind", LOGGED)
def test_log_records_of_any_logger_are_clean(
    kind: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Libraries log addresses and keys to handlers of their own."""
    secrets.register(KEY)
    log = logging.getLogger(f"hoi_test_{kind}")
    log.propagate = False
    handler = logging.StreamHandler(sys.stdout)
    log.addHandler(handler)
    try:
        LOGGED[kind](log)
    finally:
        log.removeHandler(handler)
    shown = capsys.readouterr()
    assert KEY not in shown.out + shown.err
    assert KEY[9:] not in shown.out + shown.err


def test_a_logged_exception_is_clean(caplog: pytest.LogCaptureFixture) -> None:
    """``log.exception`` would print what the error itself may not say."""
    secrets.register(KEY)
    try:
        _cause()
    except RuntimeError:
        logging.getLogger("hoi_test").exception("failed")
    assert "Traceback" in caplog.text
    assert KEY not in caplog.text


def test_arguments_that_formatters_read_stay(caplog: pytest.LogCaptureFixture) -> None:
    """uvicorn's access log reads the arguments of a record."""
    secrets.register(KEY)
    logging.getLogger("hoi_test").warning("%s %d", f"/a?token={KEY}", 200)
    assert caplog.records[0].args == ("/a?token=(removed)", 200)


PROGRAM = """
from hoi_platform.services import secrets
import threading
secrets.register({key!r})
def work():
    try:
        {{}}[{key!r}]
    except KeyError as error:
        raise ValueError({key!r}[:20]) from error
{call}
"""


@pytest.mark.parametrize(
    "call", ["work()", "t = threading.Thread(target=work); t.start(); t.join()"]
)
def test_a_process_that_dies_says_no_secret(call: str) -> None:
    """A traceback on standard error is kept by every scheduler."""
    code = PROGRAM.format(key=KEY, call=call)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Traceback" in done.stderr
    assert "(removed)" in done.stderr
    assert KEY[:20] not in done.stderr


def test_a_signed_address_is_known_by_its_pieces() -> None:
    """A wrapped or cut address would show the rest of its signature."""
    secrets.register_address(
        "https://cdn.example/a.mp4?Signature=Qx81LmTz90AbCdEf77Gh&type=video/mp4&name=cordless_drill_01"
    )
    cut = "Qx81LmTz90\n    AbCdEf77Gh of cordless_drill_01, video/mp4"
    assert secrets.redacted(cut) == "(removed) of cordless_drill_01, video/mp4"


def test_registering_from_many_threads_loses_nothing() -> None:
    """Two resources that read their keys at once would leave one of them unknown."""
    keys = [f"thread-key-{number:03}-abcdefgh" for number in range(40)]
    threads = [threading.Thread(target=secrets.register, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {secrets.redacted(key) for key in keys} == {"(removed)"}
