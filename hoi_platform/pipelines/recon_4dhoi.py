"""``python -m hoi_platform.pipelines.recon_4dhoi``: from interaction videos to 4D clips."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hoi_platform.commands.entry import before_any_work
from hoi_platform.core.clip import ClipId, parse_clip_path
from hoi_platform.core.config.recon_4dhoi import PipelineConfig
from hoi_platform.core.errors import BadInputError
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
from hoi_platform.services.platform import Platform

if TYPE_CHECKING:
    from hoi_platform.resources.platform import PlatformResource

STEPS: Final = (
    "human pose",
    "masks and depth",
    "object pose",
    "contact labels and optimization",
    "filtering",
    "visualization",
)
_ASSETS: Final = {
    1: ("human_pose",),
    2: ("scene_tracks",),
    3: ("object_pose",),
    4: ("contact_labels", "reconstruction", "clip_accuracy"),
    5: ("filtered_hoi",),
    6: ("visualization",),
}


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    result = base_parser("Reconstruct 4D human-object interaction from the videos.", STEPS)
    result.add_argument("--video_id", help="<dataset>/<category>/<character>_<scene>_rand00001")
    result.add_argument("--gen_config", help="the YAML file that gen_2dhoi was run with, if any")
    result.add_argument("--character", help="character of the clips; default: the configuration's")
    result.add_argument("--is_static_obj", action="store_true", help="the object does not move")
    return result


def run(args: argparse.Namespace) -> int:
    """Materialize what the flags ask for; 0 when every partition succeeded."""
    with before_any_work():
        resource = _resource(args)
        platform = resource.platform()
        pipeline = platform.settings(args.task).recon_4dhoi.pipeline
        assets, redo = _assets(pipeline), redo_of(args, pipeline.skip_done)
        platform.require_supported(args.task, assets)
        redo.check(assets, platform.settings(args.task))
        platform.files(args.task).character(platform.settings(args.task).gen_2dhoi)
        report_bad_entries(platform)
        clips = shard(chosen_clips(platform, args), args.job_chunk_idx, args.num_job_chunks)
        platform.require_known({clip.object_id for clip in clips})
    later = [name for name in assets if pipeline.vis_valid_only and name == "visualization"]
    return materialize(
        args,
        resource,
        [(clip.object_id, [clip.seed]) for clip in clips],
        [name for name in assets if name not in later],
        redo,
        valid_only=later,
        verbose=pipeline.verbose,
        index=not pipeline.skip_step6,
    )


def _assets(pipeline: PipelineConfig) -> list[str]:
    return [
        name
        for step, names in _ASSETS.items()
        if not getattr(pipeline, f"skip_step{step}")
        for name in names
    ]


def _resource(args: argparse.Namespace) -> "PlatformResource":
    from hoi_platform.resources.platform import PlatformResource

    flags = {f"skip_step{n}": True for n in range(1, 7) if getattr(args, f"skip_step{n}")}
    if args.is_static_obj:
        flags["is_static_obj"] = True
    return in_results(
        PlatformResource(
            results_dir=absolute(args.results_dir, "") if args.results_dir else "",
            profile=args.profile or "",
            gen_config=absolute(args.gen_config, "") if args.gen_config else "",
            recon_config=absolute(args.config, "") if args.config else "",
            overrides={
                "recon_4dhoi": {"pipeline": flags},
                **overrides_of("gen_2dhoi", {"character": args.character}),
            },
        )
    )


def chosen_clips(platform: Platform, args: argparse.Namespace) -> list[ClipId]:
    """The clips that have a video, among those that the flags name."""
    if args.video_id:
        return [_clip_of_video_id(platform, args)]
    clips = [
        clip
        for object_id in chosen_objects(platform.catalogue, args)
        for clip in platform.clips_with("interaction_video", object_id)
    ]
    if not clips:
        raise BadInputError(
            f"no video under {platform.results_dir} for these flags; run gen_2dhoi first"
        )
    return clips


def _clip_of_video_id(platform: Platform, args: argparse.Namespace) -> ClipId:
    named = parse_clip_path(args.video_id, platform.catalogue.first_tasks())
    if named.object_id.task != args.task:
        raise BadInputError(
            f"--video_id {args.video_id!r} is a clip of the task {named.object_id.task!r}; pass "
            f"--task {named.object_id.task}"
        )
    clip = platform.clip(named.object_id, named.seed)
    if clip != named:
        raise BadInputError(
            f"--video_id {args.video_id!r} does not fit today's configuration, "
            f"in which that clip is {clip.path!r}; set --character or the object's scene"
        )
    return clip


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    return run_command("recon_4dhoi", parser(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
