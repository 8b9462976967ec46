"""A data set that leaves the house: valid clips as Parquet and MP4 with a card and checksums.

Belongs here: choosing the clips, writing them whole, checking a release. Does not: what its columns
mean (``core.formats.release_columns``), which object is in which split (``core.splits``).
"""
