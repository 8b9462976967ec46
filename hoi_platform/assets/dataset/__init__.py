"""Assets of the dataset as a whole.

Belongs here: assets without a partition. Does not: anything about a single clip.
"""
