"""Fits a body of known shape to keypoints over all frames of a clip at once.

The method is described in docs/methods/body_fitting.md.

Belongs here: evidence, terms, the solver, corrections of arms. Does not: detecting keypoints
(``services.vision.human_pose``).
"""
