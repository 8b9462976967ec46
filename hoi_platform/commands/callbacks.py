"""``hoi callbacks``: the optional endpoint for Kling's callbacks, on loopback."""

from hoi_platform.commands.options import DEFAULT_RESULTS, Port, ResultsDir, Task
from hoi_platform.commands.ports import require_free


def callbacks(
    port: Port = 3090,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
) -> None:
    """Listen on 127.0.0.1 for signed callbacks (KLING_WEBHOOK_SECRET); put a reverse proxy in front
    of it."""
    import uvicorn

    from hoi_platform.commands.ledger_access import open_for_video
    from hoi_platform.resources.video import webhook_secret
    from hoi_platform.services.video.callbacks import callback_app
    from hoi_platform.services.video.polling import refresh_named

    require_free(port=port)
    secret = webhook_secret()
    ledger, config, video = open_for_video(results_dir, task)

    def refresh(external_task_id: str) -> None:
        refresh_named(ledger, lambda row: video.of_row(row, config), external_task_id)

    uvicorn.run(callback_app(secret, refresh), host="127.0.0.1", port=port)
