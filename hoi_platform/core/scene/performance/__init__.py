"""Procedural performances: a person who stands at a table and handles the object on it."""

from typing import Final

VERSION: Final = "3"
"""Of all that decides what a performance is; part of what a simulated video is made from."""
