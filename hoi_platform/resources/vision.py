"""The vision model as a Dagster resource: an OpenAI-compatible endpoint.

The one place where its key is read, when it is used: OPENAI_API_KEY, OPENAI_BASE_URL.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.resources.keys import read_key
from hoi_platform.resources.ledger import LedgerResource, account_name

if TYPE_CHECKING:
    import httpx

    from hoi_platform.services.models.vision_model import VisionModel


class VisionResource(dg.ConfigurableResource):
    """Asks the model that ``chatgpt.model`` names; its calls stand in the ledger."""

    ledger: dg.ResourceDependency[LedgerResource]

    def model(self, config: Gen2DHOIConfig, what_for: str, way_out: str) -> "VisionModel":
        """The model under the video configuration's budget.

        Raises MissingResourceError, which says what the key is for and what to do without it, and
        ConfigError on an address that no key may be sent to.
        """
        from hoi_platform.services.models.endpoint import OPENAI, ChatEndpoint
        from hoi_platform.services.models.vision_model import VisionModel
        from hoi_platform.services.video.http import checked_base_url

        key = read_key("OPENAI_API_KEY")
        if not key:
            raise MissingResourceError(
                f"{what_for} asks {config.chatgpt.model} and OPENAI_API_KEY is not set; "
                f"export a key (and OPENAI_BASE_URL for another endpoint), or {way_out}"
            )
        base_url = dg.EnvVar("OPENAI_BASE_URL").get_value() or OPENAI
        base_url = checked_base_url("OPENAI_BASE_URL", base_url)
        endpoint = ChatEndpoint(base_url, key, self.transport())
        account = account_name("openai", key)
        ledger = self.ledger.ledger(config.video.budget)
        return VisionModel(endpoint, config.chatgpt.model, ledger, self.sleeper(), account)

    def transport(self) -> "httpx.BaseTransport | None":
        """What replaces the network; a subclass may play an endpoint."""
        return None

    def sleeper(self) -> Callable[[float], None]:
        """What waits between attempts, in seconds; a subclass need not wait."""
        return time.sleep
