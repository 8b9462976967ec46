"""The role ``object_pose``: the 6-DoF pose of a known mesh in every frame of a clip."""
