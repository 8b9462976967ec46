"""Assets of the 2D stage: from a mesh to the video of a person acting with it."""
