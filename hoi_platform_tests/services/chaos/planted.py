"""Purchases that no ledger can save, as a process of its own: the bench must find them.

The disk forgets commits that it had confirmed, and fal can be asked for no id of ours: what was
bought is bought again.
"""

import json
import sys

from hoi_platform.services.chaos.part import run_cases
from hoi_platform.services.chaos.plan import Case, Disaster, Life

# The first commit reserves the row, the second one says that it is being sent.
FORGOTTEN = Disaster("lying_disk", "commit", 2)


def hopeless(number: int) -> Case:
    """One request at fal whose ledger forgets that it was sent."""
    return Case(
        seed=number,  # also where the process dies
        number=number,
        database="sqlite",
        provider="fal",
        requests=1,
        duration="5",
        slots=5,
        lives=(Life((FORGOTTEN,), 601.0),),
        permanent_faults=False,
        call_faults=0.0,
        file_faults=0.0,
        rejects_duplicates=False,
    )


if __name__ == "__main__":
    figures = run_cases("sqlite", [hopeless(number) for number in range(6)], lambda _line: None)
    sys.stdout.write(json.dumps(figures))
