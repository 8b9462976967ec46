"""Motions are smooth: accelerations cost, constant velocities are free."""

from typing import Final

ACCELERATION: Final = (1.0, -2.0, 1.0)
"""v_t - 2 v_{t+1} + v_{t+2}, to be divided by the standard deviation per squared frame."""
