"""The vision model as a Dagster resource: an OpenAI-compatible endpoint.

The one place where its key is read, when it is used: OPENAI_API_KEY, OPENAI_BASE_URL.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.resources.ledger import LedgerResource, account_name

if TYPE_CHECKING:
    from hoi_platform.services.models.vision_model import VisionModel


class VisionResource(dg.ConfigurableResource):
    """Asks the model that ``chatgpt.model`` names; its calls stand in the ledger."""

    ledger: dg.ResourceDependency[LedgerResource]
    timeout_s: float = 120.0

    def model(self, config: Gen2DHOIConfig, what_for: str, way_out: str) -> "VisionModel":
        """The model under the video configuration's budget.

        Raises MissingResourceError, which says what the key is for and what to do without it, and
        ConfigError on an address that no key may be sent to.
        """
        import openai

        from hoi_platform.services.models.vision_model import VisionModel
        from hoi_platform.services.video.http import checked_base_url

        key = dg.EnvVar("OPENAI_API_KEY").get_value()
        if not key:
            raise MissingResourceError(
                f"{what_for} asks {config.chatgpt.model} and OPENAI_API_KEY is not set; "
                f"export a key (and OPENAI_BASE_URL for another endpoint), or {way_out}"
            )
        base_url = dg.EnvVar("OPENAI_BASE_URL").get_value() or None
        if base_url is not None:
            base_url = checked_base_url("OPENAI_BASE_URL", base_url)
        client = openai.OpenAI(
            api_key=key, base_url=base_url, timeout=self.timeout_s, max_retries=0
        )
        account = account_name("openai", key)
        ledger = self.ledger.ledger(config.video.budget)
        return VisionModel(client, config.chatgpt.model, ledger, self.sleeper(), account)

    def sleeper(self) -> Callable[[float], None]:
        """What waits between attempts, in seconds; a subclass need not wait."""
        return time.sleep
