"""Names of accounts in the ledger."""

from hashlib import sha256


def account_name(provider: str, key: str) -> str:
    """A name that distinguishes accounts in the ledger and reveals no key."""
    return f"{provider}:{sha256(key.encode()).hexdigest()[:12]}"
