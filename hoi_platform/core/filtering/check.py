"""The result of one measured requirement; filtering and asset checks all report this type."""

import json
import operator
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from math import isnan, nan
from typing import Any, Final, Literal

import numpy as np

Comparison = Literal["<=", ">=", "=="]
Number = float | int

_COMPARE: Final[dict[Comparison, Callable[[Number, Number], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Check:
    """A value, the threshold that it is compared with, and whether it passed.

    Build it with ``at_most``, ``at_least`` or ``equal``. A value that is nan (could not be
    measured) never passes.
    """

    name: str
    value: Number
    threshold: Number
    unit: str
    """SI or plain words ("m", "px", "frames", "fraction"); empty for a pure number."""
    passed: bool
    comparison: Comparison

    def __post_init__(self) -> None:
        if self.comparison not in _COMPARE:
            raise ValueError(
                f"check {self.name}: unknown comparison {self.comparison!r}; "
                f"known: {', '.join(_COMPARE)}"
            )
        if self.passed != _COMPARE[self.comparison](self.value, self.threshold):
            raise ValueError(f"check {self.name}: passed={self.passed} contradicts {self.reason}")

    @classmethod
    def of(
        cls, name: str, value: Number, comparison: Comparison, threshold: Number, unit: str
    ) -> "Check":
        for number in (value, threshold):
            if np.ndim(number):
                raise ValueError(
                    f"check {name}: compares numbers, not {np.shape(number)}; reduce it"
                )
        passed = bool(_COMPARE[comparison](value, threshold))
        return cls(name, _plain(value), _plain(threshold), unit, passed, comparison)

    @classmethod
    def at_most(cls, name: str, value: Number, threshold: Number, unit: str) -> "Check":
        return cls.of(name, value, "<=", threshold, unit)

    @classmethod
    def at_least(cls, name: str, value: Number, threshold: Number, unit: str) -> "Check":
        return cls.of(name, value, ">=", threshold, unit)

    @classmethod
    def equal(cls, name: str, value: Number, threshold: Number, unit: str) -> "Check":
        return cls.of(name, value, "==", threshold, unit)

    @property
    def reason(self) -> str:
        """What was found and what is allowed, in words."""
        allowed = {"<=": "at most", ">=": "at least", "==": "exactly"}[self.comparison]
        unit = f" {self.unit}" if self.unit else ""
        found, limit = f"{self.value:.4g}{unit}", f"{self.threshold:.4g}{unit}"
        return f"{self.name} is {found}, allowed is {allowed} {limit}"

    def to_json(self) -> dict[str, Any]:
        """Plain values; a value that is nan becomes None, which JSON can hold."""
        return asdict(self) | {"value": None if isnan(self.value) else self.value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Check":
        """Raises ValueError when the record contradicts itself."""
        return cls(**data | {"value": nan if data["value"] is None else data["value"]})


def _plain(value: Number) -> Number:
    """A numpy scalar becomes a Python number, which JSON accepts."""
    return value.item() if isinstance(value, np.generic) else value


def checks_to_json(checks: Iterable[Check]) -> str:
    """A JSON list, one object per check."""
    return json.dumps([check.to_json() for check in checks], indent=2, allow_nan=False)


def checks_from_json(text: str | bytes) -> list[Check]:
    """The inverse of ``checks_to_json``."""
    return [Check.from_json(item) for item in json.loads(text)]
