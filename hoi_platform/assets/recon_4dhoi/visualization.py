"""The asset ``visualization``."""

import json
import shutil

from hoi_platform.assets.looks import clip_pages, overlay_preview
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("recon_4dhoi", frozenset({"vtk", "scenepic"}), preview=overlay_preview, pages=clip_pages),
    version="1",
    upstream=(
        "object_mesh",
        "scene_render",
        "interaction_video",
        "reconstruction",
        "filtered_hoi",
    ),
    reads_truth=True,
)
def visualization(work: Work) -> None:
    """Overlay, top view, side by side and the 3D page, of rejected clips too."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.filtering.verdict import Verdict
    from hoi_platform.core.formats.ground_truth import GroundTruth
    from hoi_platform.services.viewer.request import Ghost, VisualsRequest
    from hoi_platform.services.viewer.visuals import write_visuals

    inputs = ClipInputs(work)
    verdict = Verdict.from_json(json.loads(work.input("filtered_hoi", "verdict").read_text()))
    path = work.optional_input("interaction_video", "truth")
    truth = GroundTruth.load(path) if path else None
    request = VisualsRequest(
        title=work.clip.path,
        video=inputs.video,
        camera=inputs.camera,
        body=inputs.body,
        body_colors=inputs.body_colors,
        data=inputs.reconstruction,
        mesh_obj=inputs.mesh_obj,
        spec=inputs.spec,
        truth=Ghost(truth.motion, truth.Ts_world_object) if truth else None,
        verdict=verdict,
    )
    folder = work.output("visuals")
    write_visuals(request, folder, progress=work.progress)
    if verdict.valid:
        shutil.copytree(folder, work.output("packaged"), dirs_exist_ok=True)
