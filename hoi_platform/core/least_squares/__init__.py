"""Nonlinear least squares over the frames of a clip, for body fitting and object tracking.

A residual depends on the unknowns of one frame or of a few neighbors, so the normal equations are
block-banded: ``NormalEquations`` gathers them from linearized residuals and solves for the step.
Robust losses are weights on residuals (iteratively reweighted least squares), and ``minimize``
damps the steps (Levenberg-Marquardt). Who cannot add a step or compare two costs applies the steps
of the equations itself: poses, whose unknowns are twists, and a camera's motion, whose noise is
estimated again at each step.

Belongs here: normal equations, losses, damping, differentiation of residual functions. Does not:
the residuals (``body.fitting.terms``, ``tracking.silhouette``, ``tracking.photometric``,
``filtering.camera_motion``), gradient descent (``optimizer``).
"""
