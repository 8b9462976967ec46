"""The tasks; every file here has ``TASKS``, a tuple of ``Task``."""
