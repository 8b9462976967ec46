"""The asset ``filtered_hoi``."""

import json
from dataclasses import replace
from typing import Any

from hoi_platform.assets.checks import RECONSTRUCTION_QUALITY
from hoi_platform.assets.stage import Look, licenses_above, stage_asset
from hoi_platform.core.filtering.registry import check_versions, skipped_checks
from hoi_platform.core.task import TASKS
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work


def _settings(context: Context) -> dict[str, Any]:
    """The packaged clip states the terms of all that it was made from."""
    licenses = [item.model_dump() for item in licenses_above("filtered_hoi", context)]
    limits = context.settings.recon_4dhoi.filtering.model_dump()
    skipped = sorted(skipped_checks(TASKS.find(context.object_id.task)))
    more = {"checks": check_versions(), "skipped_checks": skipped}
    return limits | {"licenses": licenses} | {key: value for key, value in more.items() if value}


@stage_asset(
    Look("recon_4dhoi", frozenset({"filter"}), check=RECONSTRUCTION_QUALITY),
    version="3",
    upstream=(
        "object_mesh",
        "scene_render",
        "interaction_video",
        "scene_tracks",
        "reconstruction",
    ),
    settings=_settings,
)
def filtered_hoi(work: Work) -> None:
    """The verdict with every check; a valid clip packaged, a rejected one with its reasons."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.filtering.inputs import FilterInput
    from hoi_platform.core.filtering.judge import judge
    from hoi_platform.services.packaging import clip_terms, package_clip

    inputs = ClipInputs(work)
    clip = FilterInput(
        data=inputs.reconstruction,
        body=inputs.body,
        mesh=inputs.mesh,
        camera=inputs.camera,
        frames=inputs.video.frames,
        object_masks=inputs.tracks.object_masks,
        human_masks=inputs.tracks.human_masks,
        plate_depth=inputs.plate[1],
        p_world_rendered_pelvis=inputs.first_frame.translation[0],
        T_world_rendered_object=inputs.spec.T_world_object_array(),
    )
    skipped = skipped_checks(TASKS.find(work.object_id.task))
    verdict = judge(clip, work.settings.recon_4dhoi.filtering, work.progress, skipped)
    write_whole(work.output("verdict"), json.dumps(verdict.to_json(), indent=1) + "\n")
    if verdict.valid:
        kept = inputs.reconstruction.first(verdict.kept_frames)
        kept = replace(kept, meta=kept.meta | clip_terms(work.licenses()))
        package_clip(kept, inputs.mesh_obj, work.output("hoi_data"), work.output("mesh_data"))
    else:
        write_whole(work.output("invalid"), verdict.invalid_text)
    failed = ", ".join(verdict.failed)
    work.facts.update(valid=verdict.valid, failed=failed, kept_frames=verdict.kept_frames)
