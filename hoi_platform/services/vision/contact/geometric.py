"""Backend ``geometric``: contact from distances and common motion alone."""

from hoi_platform.core.scene.contacts import ContactLabels, label_contacts
from hoi_platform.services.vision.contact.protocol import ContactRequest, Progress


class GeometricLabeler:
    """Looks at no frame."""

    def label(self, request: ContactRequest, *, progress: Progress | None = None) -> ContactLabels:
        """See ``ContactLabeler``."""
        return label_contacts(
            request.body,
            request.motion,
            request.mesh,
            request.Ts_world_object,
            request.camera,
            request.visibility,
            request.config,
        )
