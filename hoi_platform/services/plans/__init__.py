"""Purchase plans: what a launch may buy, who approved it, and what has been bought under it.

Belongs here: plans as rows of the ledger's database, their prices, and the gate in front of a
purchase. Does not: the purchases themselves (``services.ledger``), commands, Dagster.
"""
