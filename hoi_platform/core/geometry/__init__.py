"""Rotations, rigid transforms, the pinhole camera, and the one statement of all conventions.

Conventions (referred to, never repeated, elsewhere):

- World: right-handed, +z up, meters, seconds, radians; the ground is z = 0.
- Camera: +x right, +y down, +z forward (OpenCV). ``T_world_cam`` maps camera to world coordinates.
- ``T_a_b`` maps coordinates of b to a, so that subscripts chain, as in
  ``T_world_cam @ T_cam_object``; ``Ts_a_b`` is a batch of them, ``R_`` a rotation matrix,
  ``t_`` a translation, ``p_`` points.
- Pixels: ``(u, v)`` with u to the right and v down; the center of the top-left pixel is (0.5, 0.5).
- Signed distances are negative inside, to meshes (``sdf``, m) as to masks (``mask_distance``, px).
- Quaternions are ordered wxyz. In memory rotations are 3x3 matrices.
- Body: the rest pose is a T-pose in the SMPL-X frame (+x to the body's left, +y up, +z forward)
  with the pelvis at the origin.

Belongs here: meshes, cameras, rotations, distances, rasterizing. Does not: anything about people,
scenes or files of a clip.
"""
