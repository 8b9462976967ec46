"""The configuration as frozen models: names and defaults of the reference, units in the fields.

Belongs here: models of files, which key changes what, what is refused. Does not: finding and
reading files (``services.configuration``).
"""
