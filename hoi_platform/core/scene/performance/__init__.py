"""Procedural performances: a person who stands at a table and handles the object on it.

The method is described in docs/methods/performance.md.

Belongs here: planning, animation, laws. Does not: rendering, storing (``services.performances``).
"""

from typing import Final

VERSION: Final = "4"
"""Of all that decides what a performance is; part of what a simulated video is made from."""
