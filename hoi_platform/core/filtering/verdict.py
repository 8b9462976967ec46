"""The decision on a clip with everything that led to it: the content of ``verdict.json``."""

from dataclasses import dataclass
from typing import Any, Final

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.filtering.check import Check

SCHEMA_VERSION: Final = 1
"""Number of the file's form; chosen: raised with every change."""


@dataclass(frozen=True)
class Verdict:
    """Every check with its value; a clip is valid when all of them passed."""

    checks: tuple[Check, ...]
    kept_frames: int
    """The first frames that the verdict is about; fewer than ``total_frames`` after a cut."""
    total_frames: int

    @property
    def valid(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that did not pass, in the filter's order."""
        return tuple(check.name for check in self.checks if not check.passed)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the clip is not valid, one sentence per failed check; empty for a valid one."""
        return tuple(check.reason for check in self.checks if not check.passed)

    @property
    def invalid_text(self) -> str:
        """The content of a rejected clip's ``invalid`` file."""
        return "".join(f"{reason}\n" for reason in self.reasons)

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "valid": self.valid,
            "reasons": list(self.reasons),
            "kept_frames": self.kept_frames,
            "total_frames": self.total_frames,
            "checks": [check.to_json() for check in self.checks],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Verdict":
        """Raises BadInputError when the record is of another version or contradicts itself."""
        if data.get("schema_version") != SCHEMA_VERSION:
            raise BadInputError(
                f"verdict has schema version {data.get('schema_version')}; "
                f"this release reads {SCHEMA_VERSION}. Materialize filtered_hoi again"
            )
        try:
            checks = tuple(Check.from_json(check) for check in data["checks"])
            verdict = cls(checks, data["kept_frames"], data["total_frames"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadInputError(f"verdict is damaged: {error}") from error
        if verdict.valid != data["valid"]:
            raise BadInputError(f"verdict says valid={data['valid']} against its own checks")
        return verdict
