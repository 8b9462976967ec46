"""Secrets in text: known ones in every encoding, tokens and signed addresses by their form."""

import base64
import html
import json
import textwrap
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.redaction import MARK, NONE_KNOWN, redacted, redacted_text

KEY = "Zk9+marked/Secret:QvW7_4tX\"a'b\\c=="
KNOWN = NONE_KNOWN.with_secrets([KEY])

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "repr": repr,
    "repr of bytes": lambda s: repr(s.encode()),
    "JSON": json.dumps,
    "JSON in JSON": lambda s: json.dumps(json.dumps(s)),
    "JSON with escaped slashes": lambda s: json.dumps(s).replace("/", "\\/"),
    "URL": lambda s: quote(s, safe=""),
    "URL twice": lambda s: quote(quote(s, safe=""), safe=""),
    "URL in lower case": lambda s: quote(s, safe="").lower(),
    "form": quote_plus,
    "HTML": html.escape,
    "hex": lambda s: s.encode().hex(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 after one byte": lambda s: base64.b64encode(b":" + s.encode()).decode(),
    "base64 after two bytes": lambda s: base64.b64encode(b"u:" + s.encode()).decode(),
    "URL-safe base64": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "capitals": str.upper,
    "wrapped": lambda s: "\n".join(textwrap.wrap(s, 7)),
    "wrapped, then quoted": lambda s: repr("\n    ".join(textwrap.wrap(s, 7))),
    "its first 15 characters": lambda s: s[:15],
    "its last 15 characters": lambda s: s[-15:],
    "a piece out of the middle": lambda s: s[6:20],
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_known_secret_is_found_in_every_encoding(encoding: str) -> None:
    """A service would only have to quote a key differently to have it printed."""
    quoted = ENCODINGS[encoding](KEY)
    shown = redacted_text(f"said <{quoted}> and left", KNOWN)
    assert MARK in shown
    assert shown.startswith("said <")
    assert shown.endswith("> and left")
    # Two characters may stay: the shared ends of base64, the quotes of a representation.
    longest = max(len(piece) for piece in shown.removeprefix("said <")[:-10].split(MARK))
    assert longest <= 9, shown


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=12, max_size=60))
def test_any_secret_is_found_anywhere(secret: str) -> None:
    """A key of unusual characters would be printed."""
    known = NONE_KNOWN.with_secrets([secret])
    compact = secret.strip()
    if len("".join(compact.split()).translate(dict.fromkeys(map(ord, "\"'\\")))) < 12:
        return
    assert compact not in redacted_text(f"a {secret} b", known)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Incorrect API key provided: sk-proj-abc123def456", "abc123def456"),
        ("sent Authorization: Bearer q8w7e6r5t4", "q8w7e6r5t4"),
        ("headers={'authorization': 'Key abc-1:def-2'}", "abc-1"),
        ("[(b'Authorization', b'Key abc-1:def-2')]", "def-2"),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNz'", "dXNlcjpwYXNz"),
        ("fal said: Key 0a1b2c3d-4e5f:99aabbcc is unknown", "99aabbcc"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.s5Gn4tur3 ended", "s5Gn4tur3"),
        ("see https://cdn.example/a.mp4?Signature=s1g&Expires=17 please", "s1g"),
        ("see (https://cdn.example/a.mp4?x=s1g).", "s1g"),
        ("https://a.b/c?X-Amz-Credential=AKIA1234567890ABCD/eu", "AKIA1234567890ABCD"),
        ("https://storage.x/c?X-Goog-Signature=s1g", "s1g"),
        ("https://x.blob.core/c?se=2026&sp=r&sig=s1g%3D", "s1g"),
        ("https:\\/\\/cdn.example\\/a.mp4?b=1\\u0026Signature=s1g", "s1g"),
        ("https%3A%2F%2Fcdn.example%2Fa.mp4%3FSignature%3Ds1g%26a%3Db", "s1g"),
        ("https%253A%252F%252Fcdn.example%252Fa.mp4%253FSignature%253Ds1g", "s1g"),
        ("url=https://cdn.example/a.mp4?b=1&amp;Signature=s1g", "s1g"),
        ("URL('https://user:s1g@cdn.example/a.mp4')", "s1g"),
        ("postgresql+psycopg2://hoi:s1g@host/db", "s1g"),
        ("/a.mp4?Policy=s1g&Key-Pair-Id=APK", "s1g"),
        ("/a.mp4?Policy=x&Key-Pair-Id=s1g", "s1g"),
        ("{'api_key': 's1g', 'n': 1}", "s1g"),
        ('{"client_secret": "s1g"}', "s1g"),
        ('"{\\"access_token\\": \\"s1g\\"}"', "s1g"),
        ("OpenAI(api_key='s1g', timeout=3)", "s1g"),
        ("x-api-key: s1g", "s1g"),
        ("webhook-signature: v1,s1g=", "v1"),
        ("password=s1g host=a", "s1g"),
        ("whsec_bWFya2Vkc2VjcmV0", "bWFya2Vkc2VjcmV0"),
        ("-----BEGIN RSA PRIVATE KEY-----\ns1g\n-----END RSA PRIVATE KEY-----", "s1g"),
        ("-----BEGIN PRIVATE KEY-----\ns1g and cut", "s1g"),
    ],
)
def test_what_looks_like_a_secret_is_removed(text: str, secret: str) -> None:
    """A key that nobody registered, or a signed address in a sentence, would be printed."""
    assert secret in text
    once = redacted_text(text)
    assert secret not in once
    assert redacted_text(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "prompt_tokens=812, completion_tokens: 17, max_tokens=500, token_count=3",
        '{"usage": {"prompt_tokens": 812, "total_tokens": 829}, "token_type": "text"}',
        "The person lifts the key ring with the left hand. Fixed camera, no zoom, no cut.",
        "A bearer of gifts takes the Basic cup, a token of thanks; with authorization he leaves.",
        "A desk-mounted lamp; ask-me-anything; a risk-averse person. The key: his patience.",
        "see https://docs.example/limits/1.2 and file:///results/generation/a%20b.png",
        "sqlite:////work/results/ledger/ledger.db",
        "hoi-3f2a9c41d2 of ComAsset/cordless_drill/kid_indoor2-manipulation_rand00001",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "a cookie: the person breaks it. Secret place. The signature move: none.",
    ],
)
def test_ordinary_text_survives(text: str) -> None:
    """Prompts, figures and paths would be mutilated."""
    assert redacted_text(text, KNOWN) == text


def test_plain_data_is_searched_to_its_end() -> None:
    """A key deep in an answer, or as a name, would be stored; figures would be lost."""
    data = {
        "usage": {"prompt_tokens": 5, "tokens": "12"},
        "deep": [({"url": f"see https://a.b/c?x={KEY}"}, b"Key abc-1:def-22")],
        f"about {KEY}": None,
        "api_key": "short",
        "token": 7,
        "Authorization": ["Bearer q8w7e6r5t4", KEY],
    }
    kept = redacted(data, KNOWN)
    assert kept["usage"] == {"prompt_tokens": 5, "tokens": "12"}
    assert (kept["api_key"], kept["token"]) == (MARK, 7)
    for secret in (KEY, "def-22", "short", "q8w7e6r5t4", "marked"):
        assert secret not in repr(kept)


def test_nesting_without_end_is_cut_off() -> None:
    """A hostile answer would end the process with a RecursionError."""
    value: object = KEY
    for _ in range(5000):
        value = [value]
    assert "marked" not in repr(redacted(value, KNOWN))


def test_a_token_that_is_made_of_a_known_key_is_removed_whole() -> None:
    """A JWT's payload quotes the access key: without that piece its signature looks like none."""
    issuer, signature = "kling-access-1234", "s5Gn4tur3"
    payload = base64.urlsafe_b64encode(json.dumps({"iss": issuer, "exp": 17}).encode()).decode()
    token = f"eyJhbGciOiJIUzI1NiJ9.{payload.rstrip('=')}.{signature}"
    known = NONE_KNOWN.with_secrets([issuer])
    assert redacted_text(f"got {token} (1)", known) == f"got {MARK} (1)"


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing(text: str) -> None:
    """What is already clean would be reported as changed, and errors be replaced for nothing."""
    once = redacted_text(text, KNOWN)
    assert redacted_text(once, KNOWN) == once


def test_placeholders_of_endpoints_without_keys_are_no_secrets() -> None:
    """OPENAI_API_KEY=none would remove every "none" from every text."""
    known = NONE_KNOWN.with_secrets(["none", "EMPTY", "ollama", ""])
    assert redacted_text("none of EMPTY, ollama", known) == "none of EMPTY, ollama"


@pytest.mark.parametrize("text", ["a" * 200_000, "https://" * 20_000, '"token": "' * 20_000])
def test_long_texts_take_no_time(text: str) -> None:
    """A megabyte of one character would stop the platform for minutes."""
    started = time.perf_counter()
    redacted_text(text, KNOWN)
    assert time.perf_counter() - started < 5
