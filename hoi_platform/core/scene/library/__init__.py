"""Procedural everyday objects, so that the platform runs with no download.

One object per file, built from ``shapes`` and ``textures`` with numpy and pillow alone, the same
every time. z is up and the object rests as it is drawn. Units are meters after the catalog's
``obj_scale``. The character is 1.3 to 1.5 m tall, so everything is sized for one small hand:
suitcase and chair are a toy's size.

The source of a builder, and of what builders share, is an object's identity: a changed byte there
makes every clip of the object again (``services.meshes.library``).

Belongs here: builders of meshes with colors and grasps. Does not: files of the user
(``services.meshes``).
"""
