"""Where a stage's progress goes: Dagster's log by default, a progress bar on the command line."""

from collections.abc import Callable

import dagster as dg

Report = Callable[[float, str], None]


class ProgressResource(dg.ConfigurableResource):
    """Logs at every tenth of a stage's work."""

    steps: int = 10

    def reporter(self, context: dg.AssetExecutionContext, stage: str) -> Report:
        """A function that takes the done fraction (0 … 1) and a short text."""
        last = -1

        def report(fraction: float, text: str) -> None:
            nonlocal last
            step = int(fraction * self.steps)
            if step > last:
                last = step
                context.log.info("%s: %d %% %s", stage, round(100 * fraction), text)

        return report
