"""The terms of the fit, one per file: residuals in standard deviations, of one item each.

They are written for one landmark, bone or joint; ``linearization`` maps them over all items and
frames and differentiates them. Weights and schedules live in ``FitConfig``.

Belongs here: residuals. Does not: weights, schedules, the solver.
"""
