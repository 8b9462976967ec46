"""Configuration of the 2D stage (``configs/gen_2dhoi/*.yaml``), with GRAIL's names.

What each key does here, which stages read it and which values are refused is in ``keys``.
"""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.config.base import Config


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


Texts = Annotated[
    list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]
"""One text or a list of texts."""
SEPARATOR: Final = "\n#\n"
OneText = Annotated[str, BeforeValidator(lambda v: SEPARATOR.join(v) if _is_texts(v) else v)]
"""A text, also as a list of one; several load joined, and are refused where they are read."""
Digits = Annotated[
    str,
    BeforeValidator(lambda v: str(v) if isinstance(v, int) and not isinstance(v, bool) else v),
    Field(pattern=r"^\d{1,3}(\.\d+)?$"),
]
"""A number as a string, as in Kling's API; a bare number is accepted."""


class SimulationConfig(Config):
    """Settling of an object with Bullet."""

    drop_height: float = Field(0.1, gt=0, le=2)
    """Height above the support from which it falls (m); GRAIL."""
    settling_time: float = Field(5.0, gt=0, le=60)
    """Simulated time within which it has to come to rest (s); GRAIL."""
    initial_rotation_perturbation: float = Field(2.0, ge=0, le=180)
    """Largest random tilt at the start (degrees); GRAIL."""
    seed: int = 42
    """Base seed of the random tilt and, with the category and the clip's seed, of each scene."""
    save_usd: bool = False
    """Also write the settled object as USD."""
    use_initial_state: bool = True
    """Place the object as it settled; false: as its mesh is oriented."""


class ScaleConfig(Config):
    """Search of the metric scale with a vision model."""

    max_iterations: int = Field(5, ge=1, le=20)
    """Largest number of scales that the vision model is shown, 1 to 20."""


class RenderingConfig(Config):
    """Conditioning frame and the random variants of the scene."""

    samples: int = Field(32, ge=1)
    """Cycles samples per pixel of the conditioning frame; GRAIL."""
    width: int = Field(1280, ge=64, multiple_of=2)
    """Width of the conditioning frame and the video (px); GRAIL."""
    height: int = Field(720, ge=64, multiple_of=2)
    """Height of the conditioning frame and the video (px); GRAIL."""
    num_rand_scenes: int = Field(3, ge=1)
    """Number of random variants of an object: seeds 1 to this number."""
    gpu: bool = False
    """Render with a GPU if Cycles finds one; it falls back to the CPU and the record says so."""
    no_rand_seed: bool = False
    """Leave the clip's seed out of the scene's seed: every variant has the same scene."""
    render_start_end: bool = False
    """Render two conditioning frames, for the start and the end of the video."""
    min_object_px: int = Field(12, ge=4)
    """Least size of the object (px; geometric mean of its bounding box's sides) at 640x360; scales
    with the width."""
    min_object_visible: float = Field(0.5, ge=0, le=1)
    """Least visible fraction of the object's silhouette; chosen."""
    denoise: bool = True
    """Denoise the conditioning frame and the plate (never frames of the video)."""


class BudgetConfig(Config):
    """Upper limits of what paid services may cost, checked before anything is sent."""

    per_day_usd: float | None = Field(50.0, ge=0)
    """All paid requests of a UTC day (USD); null for no limit."""
    per_month_usd: float | None = Field(500.0, ge=0)
    """All paid requests of a UTC month (USD); null for no limit."""
    confirm_above_usd: float | None = Field(5.0, ge=0)
    """What one launch (a command, a backfill, a click) may buy without an approved plan (USD); null
    for any amount, 0 for nothing. Sensors and schedules buy by plans alone unless it is null."""


PROMPTLESS_VIDEO: Final = frozenset({"simulated", "imported"})
"""Backends of videos that read no prompt: none is refined for them."""


class VideoConfig(Config):
    """The video backend and its request."""

    num_videos: int = Field(1, ge=1)
    """Number of paid takes of a clip, of which the one with the stillest camera is kept. For
    variety raise rendering.num_rand_scenes: the simulated backend makes one take."""
    num_video_segments: int = Field(1, ge=1)
    """Number of consecutive segments of ``duration``, each paid for and beginning with the last
    frame of the one before; the simulated backend makes one."""
    model_api: str = "simulated"
    """Who makes the video: a backend of this machine, or a paid service; ``imported`` uses a video
    that you have."""
    model: ModelConfig = ModelConfig()
    """Weights, device and options of a backend that has them; the license of its videos."""
    commercial_ok: bool = False
    """Whether your contract with the paid service permits commercial use of its videos."""
    imported_dir: str = ""
    """Folder of imported videos, each named after its clip:
    <dataset>/<category>/<character>_<scene>_rand00001.mp4."""
    kling_model_name: str = "kling-v2-5-turbo"
    """The paid service's model."""
    duration: Digits = "5"
    """Length of a paid segment in seconds, a string as in Kling's API; a simulated clip lasts
    simulated_frames / simulated_fps."""
    kling_mode: Literal["std", "pro"] = "pro"
    """Quality, and with it the price, of a paid video."""
    skip_prompt_refinement: bool = False
    """Send the base prompt as it is, without asking the vision model for a better wording."""
    base_prompt: Texts = Field(
        default=[
            "A person stands at a table, takes the object on it with one hand and handles it "
            "calmly. Fixed camera on a tripod, no zoom, no cut."
        ],
        min_length=1,
    )
    """Prompts of which each clip gets one; {object} stands for the object's name."""
    seg_idx_for_tail_image: int = Field(-1, ge=-1)
    """Index (from 0) of the segment that has to end as the clip began; -1 for none. Not every model
    accepts a tail image; this is checked before anything is sent."""
    use_all_tail_images: bool = False
    """Every segment has to end as the clip began."""
    video_max_retries: int = Field(100, ge=0)
    """Number of times that a request is sent again after the service did not accept it (too fast,
    all slots in use, no answer). A refusal is final at once, and no task is ever bought twice."""
    video_retry_wait: float = Field(30.0, ge=0)
    """Wait between polls of a running task, and longest wait between two attempts to submit one
    (s)."""
    video_max_polls: int = Field(120, ge=1)
    """Number of polls in one wait for a task; after them it stays in the ledger and is resumed
    later."""
    concurrency: int = Field(3, ge=1)
    """Number of tasks that the account may have open at once, over all processes (its resource
    pack)."""
    budget: BudgetConfig = BudgetConfig()
    """Limits of spending."""
    simulated_fps: int = Field(24, ge=8, le=60)
    """Frame rate of a simulated video (Hz), 8 to 60."""
    simulated_frames: int = Field(121, ge=9)
    """Number of frames of a simulated video."""
    simulated_samples: int = Field(8, ge=1)
    """Cycles samples per pixel of a simulated video frame."""


class ChatGptConfig(Config):
    """The vision model's instructions."""

    backend: str = "openai"
    """Who answers: any OpenAI-compatible endpoint, or another backend."""
    backend_model: ModelConfig = ModelConfig()
    """Weights, device and options of a backend that has them; the license of its answers."""
    model: str = "gpt-4o"
    """Name of the model at the OpenAI-compatible endpoint."""
    commercial_ok: bool = False
    """Whether your contract with its provider permits commercial use of its answers."""
    prompt_refinement_system_message: OneText = ""
    """System message of prompt refinement; empty: the built-in one."""
    scale_evaluation_system_message: OneText = ""
    """System message of the scale search; empty: the built-in one."""


class GenPathsConfig(Config):
    """GRAIL's folders below the results; they are where GRAIL's tools look for them."""

    prompts_dir: str = "generation/prompts"
    """Base and refined prompts."""
    initial_state_dir: str = "generation/initial_states"
    """Settled poses."""
    obj_scale_dir: str = "generation/obj_scales"
    """Scales and their search."""
    render_dir: str = "generation/asset_renders"
    """Conditioning frames."""
    camera_dir: str = "generation/cameras"
    """Cameras."""
    foundation_pose_input_dir: str = "generation/foundation_pose"
    """First-frame masks and poses."""
    depth_save_dir: str = "generation/depth_maps"
    """First-frame depth."""
    video_output_dir: str = "generation/videos_kling"
    """Videos."""


class Gen2DHOIConfig(Config):
    """One task's 2D stage."""

    character: str = "kid"
    """The person who acts: the name of a file in character_dir."""
    character_dir: str = "configs/characters"
    """Folder that is searched for the character before configs/characters."""
    texture_dir: str = "configs/characters"
    """Folder of the characters' textures."""
    results_dir: str | None = None
    """Folder of all results, used where no --results_dir is given."""
    object_config: str = "configs/objects/comasset.yaml"
    """A catalog file that is read besides those of configs/objects; its entries come first."""
    scene_config: str = "configs/scenes"
    """Folder (or one file) that is searched for a scene before configs/scenes."""
    scene: str | None = None
    """The scene of every object, in place of the one in its catalog entry."""
    task: str | None = None
    """The task that the file is for; with objects of another task it is refused."""
    verbose: bool = False
    """Show Dagster's log."""
    skip_step1: bool = False
    """Skip settling."""
    skip_step2: bool = True
    """Use the catalog's scale or the table of sizes instead of asking the vision model."""
    skip_step3: bool = False
    """Skip rendering."""
    skip_step4: bool = False
    """Skip prompt and video."""
    skip_done: bool = False
    """Keep everything that exists, even if it was made with other settings."""
    paths: GenPathsConfig = GenPathsConfig()
    """Folders below the results."""
    simulation: SimulationConfig = SimulationConfig()
    """Settling."""
    scale: ScaleConfig = ScaleConfig()
    """Scale search."""
    rendering: RenderingConfig = RenderingConfig()
    """Conditioning frame."""
    video: VideoConfig = VideoConfig()
    """Video."""
    chatgpt: ChatGptConfig = ChatGptConfig()
    """Vision model."""
