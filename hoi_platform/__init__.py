"""Turns 3D object meshes into measured, metric 4D human-object-interaction clips."""
