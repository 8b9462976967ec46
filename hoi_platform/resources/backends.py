"""The backends of the vision roles as a Dagster resource.

The one place where their environment is read, when they are made.
"""

import os
from typing import Any

import dagster as dg

from hoi_platform.core.config.settings import Settings
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.chosen import chosen
from hoi_platform.services.backends.ran import note_what_ran
from hoi_platform.services.backends.registry import Role, Use


class BackendsResource(dg.ConfigurableResource):
    """Makes what the configuration chooses for a role."""

    environment: dict[str, str] = {}
    """Variables that are laid over the platform's own."""

    def backend(self, role: Role, work: Work) -> Any:
        """The role's socket, filled. Raises ConfigError for an unknown name."""
        return self._made(role, work, work.settings)

    def _made(self, role: Role, work: Work, settings: Settings) -> Any:
        choice = chosen(role, settings)
        assert choice.backend.factory is not None
        use = Use(
            role=role,
            name=choice.backend.name,
            model=choice.model,
            scratch=lambda: work.scratch(role),
            environ=os.environ | self.environment,
            peer=lambda other: self._made(other, work, settings),
        )
        return choice.backend.factory(use)

    def note(self, work: Work, **made: Any) -> None:
        """Write into the record what ran, role by role."""
        note_what_ran(
            work, {role: (chosen(role, work.settings), tool) for role, tool in made.items()}
        )
