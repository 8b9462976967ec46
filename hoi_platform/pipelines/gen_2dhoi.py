"""``python -m hoi_platform.pipelines.gen_2dhoi``: from meshes to interaction videos."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from hoi_platform.core.errors import HoiError
from hoi_platform.pipelines.common import (
    absolute,
    base_parser,
    chosen_objects,
    overrides_of,
    shard,
)

STEPS: Final = (
    "settling of the object",
    "scale search with the vision model (the catalogue's scale is used)",
    "rendering",
    "prompt and video",
)
_ASSETS: Final = {
    1: ("settled_pose",),
    3: ("scene_render",),
    4: ("video_prompt", "video_task", "interaction_video"),
}


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    result = base_parser("Generate 2D human-object-interaction videos of known scenes.", STEPS)
    result.add_argument("--character", help="who acts, from configs/characters")
    result.add_argument("--video_model_api", help="video backend: simulated, kling-ai, fal-ai")
    result.add_argument("--num_rand_scenes", type=int, help="random variants per object")
    result.add_argument(
        "--dry_run", action="store_true", help="print what would be bought, and send nothing"
    )
    return result


def run(args: argparse.Namespace) -> int:
    """Materialize what the flags ask for; 0 when every partition succeeded."""
    from hoi_platform.commands.report import print_report
    from hoi_platform.commands.terminal import BarProgress, progress_display
    from hoi_platform.pipelines.dry_run import plan_purchases, print_purchases
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.resources.video import require_video_keys
    from hoi_platform.runner import ChainRunner

    video = {"model_api": args.video_model_api} if args.video_model_api else None
    rendering = {"num_rand_scenes": args.num_rand_scenes} if args.num_rand_scenes else None
    skips = {f"skip_step{n}": True for n in range(1, 5) if getattr(args, f"skip_step{n}")}
    values = {"character": args.character, "video": video, "rendering": rendering, **skips}
    resource = PlatformResource(
        results_dir=absolute(args.results_dir, "results"),
        profile=args.profile,
        gen_config=absolute(args.config, "") if args.config else "",
        overrides=overrides_of("gen_2dhoi", values),
    )
    platform = resource.platform()
    config = platform.settings(args.task).gen_2dhoi
    objects = shard(
        chosen_objects(platform.catalogue, args), args.job_chunk_idx, args.num_job_chunks
    )
    seeds = range(1, config.rendering.num_rand_scenes + 1)
    if args.dry_run:
        print_purchases(plan_purchases(platform, config, objects, seeds), config.video)
        return 0
    if not config.skip_step4:
        require_video_keys(config.video)
    skipped = [config.skip_step1, False, config.skip_step3, config.skip_step4]
    assets = ["object_mesh", "object_scale"]
    for step, names in _ASSETS.items():
        assets += [] if skipped[step - 1] else names
    runner = ChainRunner(resource, progress=BarProgress(), verbose=args.verbose)
    with progress_display():
        outcomes = [o for object_id in objects for o in runner.run(object_id, seeds, assets)]
    print_report(platform, outcomes)
    return int(any(outcome.error for outcome in outcomes))


def main(argv: Sequence[str] | None = None) -> int:
    """The command; errors of ours are one line on standard error and exit status 1."""
    args = parser().parse_args(argv)
    try:
        return run(args)
    except HoiError as error:
        sys.stderr.write(f"gen_2dhoi: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
