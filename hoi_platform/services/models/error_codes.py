"""Error codes of OpenAI-compatible endpoints, each with its cure."""

from typing import Final

# Code → what to do about it.
CURES: Final[dict[str, str]] = {
    "invalid_api_key": "check OPENAI_API_KEY against the provider's page of keys",
    "account_deactivated": "ask the provider's support why the account was deactivated",
    "insufficient_quota": "add credit in the provider's billing page",
    "billing_hard_limit_reached": "raise the monthly limit in the provider's billing settings",
    "model_not_allowed": "give the key's project access to the model, or choose another one",
    "model_not_found": "choose a chatgpt.model that OPENAI_BASE_URL offers",
    "ip_not_authorized": "add this machine's public address to the project's allow list",
    "unsupported_country_region_territory": "use an endpoint that serves this region",
    "rate_limit_exceeded": "the question is retried automatically; start fewer workers at once",
    "context_length_exceeded": "shorten the base prompt or send smaller pictures",
    "content_policy_violation": "reword the prompt; nothing else will pass the filter",
    "invalid_request_error": "compare the request with what the endpoint accepts",
}
# Status → the same, where no code is known.
_BY_STATUS: Final[dict[int, str]] = {
    401: CURES["invalid_api_key"],
    402: CURES["insufficient_quota"],
    403: CURES["model_not_allowed"],
    404: CURES["model_not_found"],
    429: CURES["rate_limit_exceeded"],
}


def cure_of(status: int, code: str | int | None) -> str:
    """What to do about an error; empty where nothing is known of it."""
    return CURES.get(str(code), _BY_STATUS.get(status, ""))
