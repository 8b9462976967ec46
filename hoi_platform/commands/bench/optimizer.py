"""``hoi bench optimizer``: what an iteration of the joint optimization costs."""

from typing import Annotated

import typer

from hoi_platform.commands.options import Task


def optimizer(
    frames: Annotated[int, typer.Option(help="Frames of the synthetic clip, at 12 fps.")] = 121,
    width: Annotated[int, typer.Option(help="Width of its images in pixels.")] = 1280,
    character: str = "kid",
    task: Task = "manipulation",
) -> None:
    """Seconds per iteration and per term of the joint optimization, on a synthetic clip."""
    from time import perf_counter

    from hoi_platform.commands.machine import machine_name, peak_memory_mb
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.optimizer.benchmark import benchmark_optimizer
    from hoi_platform.resources.models import ModelsResource
    from hoi_platform.resources.platform import PlatformResource

    config = PlatformResource().platform().settings(task).recon_4dhoi.optimization
    body, _ = ModelsResource().character(character)
    cost = benchmark_optimizer(body, config, frames, width, clock=perf_counter)
    console.print(f"{machine_name()}, peak memory {peak_memory_mb():.0f} MB")
    for line in cost.lines():
        console.print(line)
