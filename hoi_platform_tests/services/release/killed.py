"""``python -m … RESULTS NAME START``: its process dies when a file of that start is written."""

import os
import signal
import sys
from pathlib import Path

from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.release.plan import plan_release
from hoi_platform.services.release.write import write_release

if __name__ == "__main__":
    folder, name, start = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

    def written(path: str) -> None:
        if path.startswith(start):
            os.kill(os.getpid(), signal.SIGKILL)

    platform = PlatformResource(results_dir=str(folder), profile="demo").platform()
    write_release(plan_release(platform, name), folder, written)
