"""Fits a body of known shape to keypoints over all frames of a clip at once."""
