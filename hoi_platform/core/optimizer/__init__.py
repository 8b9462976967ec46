"""Body and object in one descent over all frames of a clip.

Belongs here: what is posed, what it is compared with, terms, phases. Does not: reading files. The
method is described in docs/methods/optimizer.md.
"""
