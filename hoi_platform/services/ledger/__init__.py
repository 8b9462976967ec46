"""The one book of every paid request: written before it is sent, settled when it is known.

Belongs here: rows, transitions, budgets, slots. Does not: HTTP, providers. Its states and
guarantees are described in docs/methods/ledger.md.
"""
