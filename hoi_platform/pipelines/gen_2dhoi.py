"""``python -m hoi_platform.pipelines.gen_2dhoi``: from meshes to interaction videos."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hoi_platform.commands.entry import before_any_work
from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.pipelines.common import (
    absolute,
    base_parser,
    chosen_objects,
    in_results,
    materialize,
    overrides_of,
    redo_of,
    report_bad_entries,
    run_command,
    shard,
)

if TYPE_CHECKING:
    from hoi_platform.resources.platform import PlatformResource

STEPS: Final = (
    "settling of the object",
    "scale search with the vision model (the catalogue's scale is used)",
    "rendering",
    "prompt and video",
)
_ASSETS: Final = {
    1: ("settled_pose",),
    3: ("scene_render",),
    4: ("video_prompt", "video_task", "performance", "interaction_video"),
}


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    result = base_parser("Generate 2D human-object-interaction videos of known scenes.", STEPS)
    result.add_argument("--character", help="the person who acts, from configs/characters")
    result.add_argument(
        "--video_model_api", help="video backend: simulated, kling-ai, fal-ai, imported"
    )
    result.add_argument("--num_rand_scenes", type=int, help="random variants per object")
    result.add_argument(
        "--dry_run", action="store_true", help="print what would be bought, and send nothing"
    )
    return result


def run(args: argparse.Namespace) -> int:
    """Materialize what the flags ask for; 0 when every partition succeeded."""
    from hoi_platform.pipelines.dry_run import (
        plan_purchases,
        print_purchases,
        write_plan_if_needed,
    )
    from hoi_platform.resources.video import require_video_keys

    with before_any_work():
        resource = _resource(args)
        platform = resource.platform()
        config = platform.settings(args.task).gen_2dhoi
        assets, redo = _assets(config), redo_of(args, config.skip_done)
        platform.require_supported(args.task, assets)
        redo.check(assets, platform.settings(args.task))
        report_bad_entries(platform)
        chosen = chosen_objects(platform.catalogue, args)
        objects = shard(chosen, args.job_chunk_idx, args.num_job_chunks)
        platform.require_known(objects)
    seeds = range(1, config.rendering.num_rand_scenes + 1)
    work = [(object_id, seeds) for object_id in objects]
    if args.dry_run:
        print_purchases(plan_purchases(platform, config, work, redo), config.video, redo)
        write_plan_if_needed(resource, config, work)
        return 0
    redo.check_bought(platform, work, assets)
    if not config.skip_step4:
        require_video_keys(config.video)
    return materialize(args, resource, work, assets, redo, verbose=config.verbose)


def _resource(args: argparse.Namespace) -> "PlatformResource":
    from hoi_platform.resources.platform import PlatformResource

    video = {"model_api": args.video_model_api} if args.video_model_api else None
    rendering = {"num_rand_scenes": args.num_rand_scenes} if args.num_rand_scenes else None
    skips = {f"skip_step{n}": True for n in range(1, 5) if getattr(args, f"skip_step{n}")}
    values = {"character": args.character, "video": video, "rendering": rendering, **skips}
    return in_results(
        PlatformResource(
            results_dir=absolute(args.results_dir, "") if args.results_dir else "",
            profile=args.profile or "",
            gen_config=absolute(args.config, "") if args.config else "",
            overrides=overrides_of("gen_2dhoi", values),
        )
    )


def _assets(config: Gen2DHOIConfig) -> list[str]:
    """What is not skipped. Mesh and scale are always included: without a search they cost
    nothing."""
    skipped = {1: config.skip_step1, 3: config.skip_step3, 4: config.skip_step4}
    kept = [name for step, names in _ASSETS.items() if not skipped[step] for name in names]
    return ["object_mesh", "object_scale", *kept]


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    return run_command("gen_2dhoi", parser(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
