"""Which clips are worth making next, under limits of number and money.

Belongs here: the arithmetic of growth, from counts and prices to an ordered choice of cells. Does
not: where counts come from (``services.growth``), when it runs (``schedules``).
"""
