"""The kinds of performance; every file here has ``KINDS``, a tuple of ``PerformanceKind``.

Belongs here: what a person does, and how plans are tried. Does not: what kinds share (grasps,
reaching, animation, laws), which stands one package up.
"""
