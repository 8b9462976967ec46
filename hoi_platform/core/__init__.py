"""The pure part: the same results for the same arguments.

Belongs here: computation, frozen models, file formats. Does not: Dagster, Blender, HTTP, databases,
environment, clock, global random state.
"""
