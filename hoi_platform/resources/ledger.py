"""The ledger of paid requests as a Dagster resource."""

import os
from decimal import Decimal
from pathlib import Path

import dagster as dg
from sqlalchemy import make_url

from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Budget
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.purchases import require_known_purchases


class LedgerResource(dg.ConfigurableResource):
    """HOI_LEDGER_URL, or ``ledger/ledger.db`` in the results folder."""

    platform: dg.ResourceDependency[PlatformResource]

    def ledger(self, budget: BudgetConfig) -> Ledger:
        """The ledger under a budget; it refuses to buy again what the results folder holds.

        Raises ConfigError when its database is of another kind, LedgerBrokenError.
        """
        limits = (budget.per_day_usd, budget.per_month_usd)
        day, month = (None if limit is None else Decimal(str(limit)) for limit in limits)
        results = self.platform.platform().results_dir
        url = ledger_url(results)
        name = make_url(url).render_as_string(hide_password=True)

        def guard(is_empty: bool) -> None:
            require_known_purchases(results, name, ledger_is_empty=is_empty)

        return open_ledger(url, Budget(day, month), guard=guard)


def ledger_url(results_dir: Path) -> str:
    """Where the ledger is kept, as an SQLAlchemy URL."""
    return os.environ.get("HOI_LEDGER_URL") or f"sqlite:///{results_dir / 'ledger' / 'ledger.db'}"


def ledger_exists(results_dir: Path) -> bool:
    """Whether anything can have been bought; looking does not create a ledger."""
    return bool(os.environ.get("HOI_LEDGER_URL")) or (results_dir / "ledger" / "ledger.db").exists()
