"""The known scene: rooms, tables, cameras, lights, procedural objects, performances.

Belongs here: drawing, describing and checking scenes, and acting in them. Does not: rendering
(``services.blender``), reading templates (``services.configuration``).
"""
