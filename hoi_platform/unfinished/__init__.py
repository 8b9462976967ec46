"""What was asked of a cell and is not there: who asked, why it stopped, what is missing.

Belongs here: conclusions from Dagster's runs and the records, and when to try again. Does not:
requesting runs (``sensors``), whether a process is alive (``liveness``).
"""
