"""Configuration of the 2D stage (``configs/gen_2dhoi/*.yaml``), with the reference's names."""

from typing import Literal

from pydantic import Field

from hoi_platform.core.config.base import Config


class SimulationConfig(Config):
    """Settling of an object with Bullet."""

    drop_height: float = Field(0.1, gt=0, le=2)
    """Height above the support from which it falls (m)."""
    settling_time: float = Field(5.0, gt=0, le=60)
    """Simulated time within which it has to come to rest (s)."""
    initial_rotation_perturbation: float = Field(2.0, ge=0, le=180)
    """Largest random tilt at the start (degrees)."""
    seed: int = 42
    save_usd: bool = False
    use_initial_state: bool = True


class ScaleConfig(Config):
    """Search of the metric scale with a vision model."""

    max_iterations: int = Field(5, ge=1, le=20)


class RenderingConfig(Config):
    """Conditioning frame and the random variants of the scene."""

    samples: int = Field(32, ge=1)
    """Cycles samples per pixel of the conditioning frame."""
    width: int = Field(1280, ge=64, multiple_of=2)
    height: int = Field(720, ge=64, multiple_of=2)
    num_rand_scenes: int = Field(3, ge=1, le=16)
    gpu: bool = False
    """Use a GPU if Cycles finds one; rendering falls back to the CPU and says so."""
    no_rand_seed: bool = False
    render_start_end: bool = False
    min_object_px: int = Field(12, ge=4)
    """Least size of the object (geometric mean of its bounding box's sides) at 640x360; scales with
    the width (px)."""
    min_object_visible: float = Field(0.5, ge=0, le=1)
    """Least visible fraction of the object's silhouette."""
    denoise: bool = True
    """Denoise the conditioning frame and the plate (never video frames)."""


class BudgetConfig(Config):
    """Upper limits of what paid services may cost, checked before anything is sent."""

    per_day_usd: float | None = Field(50.0, ge=0)
    """All paid requests of a UTC day; null for no limit."""
    per_month_usd: float | None = Field(500.0, ge=0)
    """All paid requests of a UTC month; null for no limit."""


class VideoConfig(Config):
    """The video backend and its request."""

    num_videos: int = Field(1, ge=1)
    """Paid takes of a clip, of which the one with the stillest camera is kept. For variety raise
    rendering.num_rand_scenes: the simulated backend makes one take."""
    num_video_segments: int = Field(1, ge=1)
    """Segments of ``duration`` in a row, each paid and beginning with the last frame of the one
    before; the simulated backend makes one."""
    model_api: Literal["simulated", "kling-ai", "fal-ai"] = "simulated"
    kling_model_name: str = "kling-v2-5-turbo"
    duration: str = "5"
    """Length of a segment in seconds, a string as in Kling's API."""
    kling_mode: Literal["std", "pro"] = "pro"
    skip_prompt_refinement: bool = False
    base_prompt: list[str] = [
        "A person stands at a table, takes the object on it with one hand and handles it "
        "calmly. Fixed camera on a tripod, no zoom, no cut."
    ]
    seg_idx_for_tail_image: int = Field(-1, ge=-1)
    """The segment, from 0, that has to end as the clip began; -1 for none. Not every model takes
    a tail image; it is checked before anything is sent."""
    use_all_tail_images: bool = False
    """Every segment has to end as the clip began."""
    video_max_retries: int = Field(100, ge=0)
    """How often a request that the service did not take (too fast, all slots in use, no answer)
    is offered again. A refusal is final at once, and no task is ever bought twice."""
    video_retry_wait: float = Field(30.0, ge=0)
    """Wait between polls of a running task, and the longest wait between two offers (s)."""
    video_max_polls: int = Field(120, ge=1)
    """Polls of one wait for a task; after them it stays in the ledger and is resumed later."""
    concurrency: int = Field(3, ge=1)
    """Tasks that the account may have open at once, over all processes (its resource pack)."""
    budget: BudgetConfig = BudgetConfig()
    simulated_fps: int = Field(24, ge=8, le=60)
    simulated_frames: int = Field(121, ge=9)
    simulated_samples: int = Field(8, ge=1)
    """Cycles samples per pixel of a simulated video frame."""


class ChatGptConfig(Config):
    """The vision model's instructions."""

    model: str = "gpt-4o"
    prompt_refinement_system_message: str = ""
    scale_evaluation_system_message: str = ""


class Gen2DHOIConfig(Config):
    """One task's 2D stage."""

    character: str = "kid"
    character_dir: str = "configs/characters"
    texture_dir: str = "configs/characters"
    results_dir: str = "results"
    object_config: str = "configs/objects/comasset.yaml"
    scene_config: str = "configs/scenes"
    task: str = "manipulation"
    verbose: bool = False
    skip_step1: bool = False
    skip_step2: bool = True
    skip_step3: bool = False
    skip_step4: bool = False
    skip_done: bool = False
    simulation: SimulationConfig = SimulationConfig()
    scale: ScaleConfig = ScaleConfig()
    rendering: RenderingConfig = RenderingConfig()
    video: VideoConfig = VideoConfig()
    chatgpt: ChatGptConfig = ChatGptConfig()
