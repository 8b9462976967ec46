"""Progress that is not reported."""


def silent(_fraction: float, _text: str) -> None:
    """The default of every backend."""
