"""Blender as a Dagster resource."""

import os

import dagster as dg

from hoi_platform.services.blender.service import BlenderService, shared_service


class BlenderResource(dg.ConfigurableResource):
    """A warm Blender child process, shared by all stages of one process.

    HOI_BLENDER names an external Blender executable; without it the bpy package is used.
    """

    executable: str = ""
    threads: int = 0
    """Render threads; 0 uses every core."""
    timeout_s: float = 3600.0

    def service(self) -> BlenderService:
        executable = self.executable or os.environ.get("HOI_BLENDER") or None
        return shared_service(executable, self.threads, self.timeout_s)
