"""Model-based 6-DoF tracking of a known rigid mesh in a clip of a static camera.

Per frame a pose is found by Gauss-Newton on two kinds of evidence, the colors of the surface
(albedo of the mesh times a fitted lighting) and the silhouette against the object's mask and
against edges of the image; several starting poses compete. A batch pass then weighs every frame
by its information.

Everything works in the camera frame: a pose is ``T_cam_object`` and a small motion is a twist
(v, ω) of the camera's axes about the object's center c: p ↦ p + v + ω × (p − c).
The method is described in docs/methods/object_tracking.md.

Belongs here: evidence, poses, their search, refinement and smoothing. Does not: the socket and
files (``services.vision.object_pose``).
"""
