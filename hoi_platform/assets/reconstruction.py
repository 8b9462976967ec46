"""The asset ``reconstruction``."""

import json

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("recon_4dhoi", frozenset({"torch"})),
    version="1",
    upstream=(
        "object_mesh",
        "scene_render",
        "interaction_video",
        "human_pose",
        "scene_tracks",
        "object_pose",
        "contact_labels",
    ),
    settings=lambda c: {
        "optimization": c.settings.recon_4dhoi.optimization.model_dump(),
        "is_static_obj": c.settings.recon_4dhoi.pipeline.is_static_obj,
    },
    backend=lambda s: f"torch-{s.recon_4dhoi.human_model.body_model}",
)
def reconstruction(work: Work) -> None:
    """Body, hands and object optimized together: the raw 4D clip."""
    from hoi_platform.assets.inputs import ClipInputs
    from hoi_platform.core.formats.hoi_data import hoi_data_of_result, write_hoi_data
    from hoi_platform.core.optimizer.observation import HoiObservation
    from hoi_platform.core.optimizer.optimize import optimize

    inputs, recon = ClipInputs(work), work.settings.recon_4dhoi
    observation = HoiObservation.of(
        body=inputs.body,
        human=inputs.human,
        track=inputs.object_track,
        tracks=inputs.tracks,
        camera=inputs.camera,
        mesh=inputs.mesh,
        contacts=inputs.contacts,
        spec=inputs.spec,
        static_object=recon.pipeline.is_static_obj,
    )
    result = optimize(observation, recon.optimization, progress=work.progress)
    data = hoi_data_of_result(result, inputs)
    write_hoi_data(data, work.output("data"), work.output("pickle"))
    losses = {term: values.tolist() for term, values in result.loss_history.items()}
    write_whole(work.output("losses"), json.dumps(losses))
    work.facts.update(result.eval_data)
