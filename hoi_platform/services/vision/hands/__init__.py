"""The role ``hands``: the landmarks of a hand near a wrist of the body."""
