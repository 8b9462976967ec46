"""Questions to vision models: sending, prices, answers in a fixed form.

Belongs here: endpoints, questions, the scale search and the refinement of prompts. Does not: the
ledger of what was bought (``services.ledger``), videos.
"""
