"""Which backend answers questions about pictures, as far as results depend on it."""

from typing import Any

from hoi_platform.core.config.gen_2dhoi import ChatGptConfig
from hoi_platform.services.backends.registry import find_backend
from hoi_platform.services.backends.weights import model_identity


def answering(config: ChatGptConfig) -> dict[str, Any]:
    """What a stage's settings hold besides the model's name; the usual backend adds nothing."""
    usual = ChatGptConfig.model_fields["backend"].default
    named = {} if config.backend == usual else {"backend": config.backend}
    version = find_backend("vision_model", config.backend, "chatgpt.backend").version
    named |= {"backend_version": version} if version else {}
    return named | model_identity(backend_model=config.backend_model)
