"""The role ``scene_tracks``: masks of object and person and metric depth in every frame."""
