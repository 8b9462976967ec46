"""Nonlinear least squares over the frames of a clip, for body fitting and object tracking.

A residual depends on the unknowns of one frame or of a few neighbors, so the normal equations are
block-banded: ``NormalEquations`` gathers them from linearized residuals and solves for the step.
Robust losses are weights on residuals (iteratively reweighted least squares), and ``minimize``
damps the steps (Levenberg-Marquardt). Poses, whose unknowns are twists, apply the steps themselves.

Belongs here: normal equations, losses, damping, differentiation of residual functions. Does not:
the residuals (``body.fitting.terms``, ``tracking.silhouette``, ``tracking.photometric``), gradient
descent (``optimizer``), alignment of images in single precision (``filtering.camera_motion``).
"""
