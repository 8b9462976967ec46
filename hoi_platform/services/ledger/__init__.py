"""The one ledger of paid requests: a row is written before a request is sent, and settled when its
outcome is known.

Belongs here: rows, transitions, budgets, slots. Does not: HTTP, providers. Its states and
guarantees are described in docs/methods/ledger.md.
"""
