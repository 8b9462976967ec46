"""Performances on disk: acted in a known scene, and seen by its camera without a renderer."""
