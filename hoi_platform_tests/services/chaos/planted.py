"""A ledger whose disk forgets commits that it had confirmed, as a process of its own.

What was bought then is unknown to the ledger. At Kling it is found by our id; fal can be asked for
no id of ours, so there it is bought again: that the bench must find.
"""

import json
import sys
from typing import cast

from hoi_platform.services.chaos.part import run_cases
from hoi_platform.services.chaos.plan import Case, Disaster, Life, Provider

# The first commit reserves the row, the second one says that it is being sent.
FORGOTTEN = Disaster("lying_disk", "commit", 2)
CASES = 6


def forgetful(number: int, provider: Provider) -> Case:
    """One request whose ledger forgets that it was sent."""
    return Case(
        seed=number,  # also where the process dies
        number=number,
        database="sqlite",
        provider=provider,
        requests=1,
        duration="5",
        slots=5,
        lives=(Life((FORGOTTEN,), 601.0),),
        permanent_faults=False,
        call_faults=0.0,
        file_faults=0.0,
        rejects_duplicates=True,
    )


if __name__ == "__main__":
    provider = cast(Provider, sys.argv[1])
    cases = [forgetful(number, provider) for number in range(CASES)]
    sys.stdout.write(json.dumps(run_cases("sqlite", cases, lambda _line: None)))
