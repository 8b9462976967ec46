"""``hoi fake-apis``: the stand-ins for paid services, on loopback."""

from typing import Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, Port, ResultsDir
from hoi_platform.commands.ports import require_free

Rate = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of these that fail.")]


def fake_apis(
    port: Port = 3080,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task_seconds: Annotated[float, typer.Option(min=0, help="Least time of a task (s).")] = 20.0,
    fps: Annotated[int, typer.Option(min=8, max=60, help="Frame rate of the videos.")] = 24,
    slots: Annotated[int, typer.Option(min=1, help="Tasks that Kling runs at once.")] = 5,
    seed: Annotated[
        int | None, typer.Option(help="Fault plan: a random one, or that of the given rates.")
    ] = None,
    call_faults: Rate = 0.0,
    permanent_faults: Rate = 0.0,
    task_faults: Rate = 0.0,
    file_faults: Rate = 0.0,
    clock_skew_s: Annotated[
        float, typer.Option(help="How far this clock is ahead of the service's (s).")
    ] = 0,
) -> None:
    """Serve stand-ins of Kling, fal and a chat endpoint; prints what to export.

    A conditioning frame of the results folder gets the video that the simulated backend makes of
    it, any other picture a still one.
    """
    from hoi_platform.resources.blender import BlenderResource
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.fake_apis.faults import Rates
    from hoi_platform.services.fake_apis.serving import Stage, run
    from hoi_platform.services.video.simulated import SimulatedBackend

    require_free(port=port)
    rates = Rates(
        call=call_faults,
        permanent=permanent_faults,
        task=task_faults,
        file=file_faults,
        clock_skew_s=clock_skew_s,
    )
    platform = PlatformResource(results_dir=str(results_dir.absolute())).platform()
    stage = Stage(port, task_seconds, fps, slots, seed, rates)
    run(stage, platform, SimulatedBackend(BlenderResource().service()))
