"""The kinds of scene; every file here has ``KINDS``, a tuple of ``SceneKind``.

Belongs here: a kind's template and how it is drawn. Does not: what kinds share
(``drawing``).
"""
