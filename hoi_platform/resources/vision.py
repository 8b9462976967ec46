"""The vision model as a Dagster resource.

The one place where its key is read, when it is used: OPENAI_API_KEY, OPENAI_BASE_URL.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.resources.keys import read_key
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.services.backends.registry import find_backend
from hoi_platform.services.backends.uses import VisionUse

if TYPE_CHECKING:
    import httpx

    from hoi_platform.services.models.vision_model import VisionModel


class VisionResource(dg.ConfigurableResource):
    """Asks the backend that ``chatgpt`` names; calls of paid services are in the ledger."""

    ledger: dg.ResourceDependency[LedgerResource]

    def model(self, config: Gen2DHOIConfig, what_for: str, way_out: str) -> "VisionModel":
        """The model under the video configuration's budget.

        Raises MissingResourceError, which says what the key is for and what to do without it, and
        ConfigError on an address that no key may be sent to.
        """
        from hoi_platform.services.models.vision_model import VisionModel

        asked = config.chatgpt
        backend = find_backend("vision_model", asked.backend, "chatgpt.backend")
        made = backend.make(
            VisionUse(
                role="vision_model",
                name=backend.name,
                model=asked.backend_model,
                environ=os.environ,
                config=asked,
                purpose=what_for,
                way_out=way_out,
                key=read_key,
                transport=self.transport(),
            )
        )
        if not backend.paid:
            return made
        ledger = self.ledger.ledger(config.video.budget)
        return VisionModel(made.endpoint, asked.model, ledger, self.sleeper(), made.account)

    def transport(self) -> "httpx.BaseTransport | None":
        """What replaces the network; a subclass may play an endpoint."""
        return None

    def sleeper(self) -> Callable[[float], None]:
        """What waits between attempts, in seconds; a subclass need not wait."""
        return time.sleep
