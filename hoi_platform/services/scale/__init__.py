"""How the platform behaves with many objects, clips and cells: ``hoi bench platform``.

Belongs here: made-up results, stub work, and the measurements on them. Does not: what is measured,
which is the platform as it is.
"""
