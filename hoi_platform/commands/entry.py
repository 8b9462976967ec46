"""How a command ends: an error of ours is one line, a signal the status that shells expect."""

import signal
import sys
from collections.abc import Callable

from hoi_platform.core.errors import HoiError
from hoi_platform.resources.keys import protect_keys
from hoi_platform.services.interruption import received
from hoi_platform.services.secrets import leaves_clean


def ended(name: str, command: Callable[[], int]) -> int:
    """The exit status of a command: its own, 1 after an error of ours, 128 + n after signal n.

    No key leaves it in an error.
    """
    protect_keys()
    try:
        return leaves_clean(command)()
    except HoiError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    except KeyboardInterrupt:
        return _stopped(name)


def _stopped(name: str) -> int:
    number = received() or signal.SIGINT
    sys.stderr.write(
        f"{name}: stopped by {number.name}; finished stages are kept, and the same command "
        "continues from there\n"
    )
    return 128 + number
