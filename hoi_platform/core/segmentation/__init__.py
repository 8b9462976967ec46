"""Which pixels of a clip show the background, the person or the object: the pure parts.

For each pixel, P(label) ∝ likelihood of its color × prior, smoothed along the image's edges:

- ``likelihood``: colors of the plate (``background``), of the person's parts and the object
  (``appearance``), and of frame 0,
- ``prior``: what the frames before and the fitted body (``body_view``) predict,
- ``posterior``: their product, and clean masks from it,
- ``gates``: confidence in these masks,
- ``tracker``: all of it frame by frame, with the ``state`` between two frames.

Log densities are over RGB colors in gray values 0 to 255, so that those of different models can
be compared. *Background* is the label of pixels that show neither person nor object; the *plate*
is the picture of the empty scene. The method is described in docs/methods/segmentation.md.

Belongs here: color models, priors, gates, tracking of masks. Does not: the socket and files
(``services.vision.scene_tracks``).
"""
