"""What the daemon starts by the clock, or because a file has arrived.

Belongs here: schedules, the inbox, when they run. Does not: what they choose (``services``).
"""
