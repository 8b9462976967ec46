"""Pictures and pages of results: overlays, the 3D page, gallery, manifest, file server.

Belongs here: drawing what is stored. Does not: measuring or judging it.
"""
