"""Releases: their tables, splits and checksums, and what a killed run leaves."""
