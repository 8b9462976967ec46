"""Jobs that a person launches on the page with one click.

Belongs here: launching whole chains, approving plans. Does not: stages (``assets``), what the
daemon starts by itself (``schedules``, ``sensors``).
"""
