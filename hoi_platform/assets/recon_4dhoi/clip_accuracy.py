"""The asset ``clip_accuracy``."""

import json

from hoi_platform.assets.checks import ACCURACY
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("recon_4dhoi", frozenset({"metrics"}), check=ACCURACY),
    version="2",
    upstream=("object_mesh", "scene_render", "interaction_video", "reconstruction"),
    reads_truth=True,
)
def clip_accuracy(work: Work) -> None:
    """How far the reconstruction is from the truth, where the clip has one."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.formats.ground_truth import GroundTruth
    from hoi_platform.core.metrics.clip import evaluate_clip

    path = work.optional_input("interaction_video", "truth")
    accuracy = None
    if path is not None:
        inputs = ClipInputs(work)
        truth = GroundTruth.load(path)
        result = evaluate_clip(inputs.reconstruction, truth, inputs.body, inputs.mesh)
        accuracy = result.to_json()
    write_whole(work.output("accuracy"), json.dumps(accuracy, indent=1) + "\n")
    work.facts.update(accuracy or {"ground_truth": False})
