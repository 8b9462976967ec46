"""What a record says of the backends that ran: names, versions and hashes, never what was
configured."""

from collections.abc import Mapping
from typing import Any

from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.chosen import Choice
from hoi_platform.services.backends.weights import model_identity


def note_what_ran(work: Work, made: Mapping[str, tuple[Choice, Any]]) -> None:
    """``made``: role → its choice and the socket that did the work, after it."""
    from hoi_platform.services.runners.adapters import report_of

    names = []
    for role, (choice, tool) in made.items():
        name = f"{choice.backend.name} {choice.backend.version}".rstrip()
        weights = model_identity(model=choice.model).get("model", {}).get("weights_sha256", {})
        if report := report_of(tool):
            name += f" ({', '.join(f'{what} {v}' for what, v in report.versions.items())})"
            weights = weights | report.weights_sha256
            work.facts[f"{role}_versions"] = report.versions
        if weights:
            work.facts[f"{role}_weights_sha256"] = weights
        names.append(name)
    work.ran = ", ".join(dict.fromkeys(names))
