"""Which pixel of a clip shows the background, the person or the object: the pure parts.

Log densities are over RGB colors in gray values 0 to 255, so that those of different models
can be compared. The method is described in docs/methods/segmentation.md.

Belongs here: color models, evidence, labeling, tracking of masks. Does not: the socket and files
(``services.vision.scene_tracks``).
"""
