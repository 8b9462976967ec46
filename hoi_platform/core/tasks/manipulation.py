"""Objects on a table are picked up with a hand and handled."""

from hoi_platform.core.task import Task

TASKS = (Task("manipulation", "manipulation", "manipulation", "manip_anny"),)
