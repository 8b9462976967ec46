"""The backends of the vision roles as a Dagster resource.

The one place where their environment is read, when they are made.
"""

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.chosen import chosen
from hoi_platform.services.backends.ran import note_what_ran
from hoi_platform.services.backends.registry import ROLES, Role
from hoi_platform.services.backends.uses import ClipUse


class BackendsResource(dg.ConfigurableResource):
    """Makes what the configuration chooses for a role."""

    environment: dict[str, str] = {}
    """Variables that override the platform's own."""

    def backend(self, role: Role, work: Work) -> Any:
        """The role's socket, filled. Raises ConfigError for an unknown name."""
        return self.team(role, work)[role]

    def team(self, role: Role, work: Work) -> dict[Role, Any]:
        """The role's socket, and those that it asks, by their roles."""
        made: dict[Role, Any] = {}

        def make(wanted: Role) -> Any:
            if wanted not in made:
                choice = chosen(wanted, work.settings)
                use = ClipUse(
                    role=wanted,
                    name=choice.backend.name,
                    model=choice.model,
                    environ=os.environ | self.environment,
                    scratch=lambda: work.scratch(wanted),
                    peer=make,
                )
                made[wanted] = choice.backend.make(use)
            return made[wanted]

        make(role)
        return made

    def note(self, work: Work, made: Mapping[Role, Any]) -> None:
        """Write into the record what ran, role by role."""
        note_what_ran(
            work,
            {role: (chosen(role, work.settings), made[role]) for role in ROLES if role in made},
        )
