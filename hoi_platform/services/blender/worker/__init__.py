"""What runs inside Blender's Python: the standard library, numpy and bpy only.

An external Blender brings its own interpreter, so nothing here may import the rest of the
platform or a package that Blender does not ship. Requests are JSON in, JSON answers plus files out.

Belongs here: operations on a request and files. Does not: decisions; a request states everything.
"""
