"""The human body: a neutral named skeleton, a skinned model on it, and motions of it.

Belongs here: skeleton, skinning, motions, limits, inverse kinematics. Does not: loading a body
(``services.body``).
"""
