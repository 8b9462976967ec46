"""Authorization as Kling checks it: JWT (HS256, iss, exp, nbf) or API key.

Refusals quote what they refuse, as careless services do: nothing of it may be kept.
"""

from dataclasses import dataclass
from datetime import datetime

import jwt
from jwt.types import Options

from hoi_platform.services.fake_apis.messages import Reply, json_reply


@dataclass(frozen=True)
class KlingKeys:
    """What the account accepts."""

    access_key: str = "fake-access-key"
    secret_key: str = "fake-secret-key-of-at-least-32-characters"
    api_key: str = "fake-api-key"


def refusal(status: int, code: int, message: str) -> Reply:
    """An error in Kling's form."""
    return json_reply({"code": code, "message": message, "request_id": "fake"}, status)


def check_authorization(
    header: str | None, keys: KlingKeys, now: datetime, *, takes_jwt: bool
) -> Reply | None:
    """The refusal that the header earns; None when it is valid."""
    if not header:
        return refusal(401, 1001, "Authorization is empty")
    scheme, _, token = header.partition(" ")
    if scheme != "Bearer" or not token:
        return refusal(401, 1002, f"Authorization {header} is invalid")
    if token == keys.api_key:
        return None
    if not takes_jwt:
        return refusal(401, 1002, f"Authorization {header} is invalid: an API key is needed")
    return _check_jwt(token, keys, now)


def _check_jwt(token: str, keys: KlingKeys, now: datetime) -> Reply | None:
    try:
        header = jwt.get_unverified_header(token)
        options: Options = {
            "verify_exp": False,
            "verify_nbf": False,
            "require": ["iss", "exp", "nbf"],
        }
        claims = jwt.decode(token, keys.secret_key, algorithms=["HS256"], options=options)
    except jwt.PyJWTError:
        return refusal(401, 1000, f"Authentication failed: {token}")
    if header.get("typ") != "JWT" or claims["iss"] != keys.access_key:
        return refusal(401, 1000, "Authentication failed")
    if claims["nbf"] > now.timestamp():
        return refusal(401, 1003, "Authorization is not yet valid")
    if claims["exp"] <= now.timestamp():
        return refusal(401, 1004, "Authorization has expired")
    return None
