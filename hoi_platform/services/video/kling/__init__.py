"""Kling's image-to-video HTTP API, both generations that are live since mid-2026."""
