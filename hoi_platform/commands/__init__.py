"""The subcommands of ``hoi``, one per file; each loads what it needs when it is called."""
