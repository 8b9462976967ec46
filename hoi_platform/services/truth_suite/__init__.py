"""Runs of the truth suite: variants of a made clip with spoiled inputs, and their errors.

Belongs here: files of the suite. Does not: what is spoiled and how (``core.truth_suite``), which
stages run (``hoi bench recon``).
"""
