"""The inbox: mesh files that arrive in a folder become objects, or are refused with a reason.

Belongs here: which files are whole, what they become, the receipts beside them. Does not: checking
a mesh (``services.meshes``), when the folder is looked at (``schedules``).
"""
