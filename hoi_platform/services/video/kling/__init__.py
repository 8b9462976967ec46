"""Kling's image-to-video HTTP API, both generations that are live since mid-2026.

Belongs here: signatures, limits, answers and errors of Kling. Does not: when something is bought
(``services.video.paid``).
"""
