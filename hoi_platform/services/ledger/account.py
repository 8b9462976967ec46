"""Names of accounts in the ledger."""

from hashlib import sha256


def account_name(provider: str, key: str) -> str:
    """A name that tells accounts apart in the ledger and gives no key away."""
    return f"{provider}:{sha256(key.encode()).hexdigest()[:12]}"
