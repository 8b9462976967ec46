"""The backend of videos that the user already has: files in a folder, each named after its clip."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.arrays import Progress
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import BadInputError, ConfigError, MissingResourceError
from hoi_platform.core.filtering.video_sanity import first_frame_checks
from hoi_platform.services.artifacts.record import unchanged_file_digest
from hoi_platform.services.video.backend import CollectedVideo, VideoRequest, VideoTask

_NAME: Final = "imported"


def imported_file(config: VideoConfig, clip: str) -> Path:
    """Where a clip's video has to be. Raises ConfigError where no folder is named."""
    if not config.imported_dir:
        raise ConfigError(
            "video.model_api: imported needs video.imported_dir, the folder of the videos"
        )
    return Path(config.imported_dir).expanduser() / f"{clip}.mp4"


def imported_digest(config: VideoConfig, clip: str) -> str | None:
    """Hash of a clip's video, its identity; None where there is none."""
    if not config.imported_dir:
        return None
    path = imported_file(config, clip)
    return unchanged_file_digest(path) if path.is_file() else None


@dataclass(frozen=True)
class ImportedBackend:
    """Accepts a file as it is, if it shows the clip's scene. Free, and without ground truth."""

    name: str = _NAME

    def submit(self, request: VideoRequest) -> VideoTask:
        """Raises MissingResourceError where the folder has no video of the clip."""
        path = imported_file(request.config, request.clip)
        if not path.is_file():
            raise MissingResourceError(f"{request.clip} has no video to import: put it at {path}")
        return VideoTask(
            provider=self.name,
            clip=request.clip,
            fingerprint=request.fingerprint,
            external_task_id=f"imp-{request.fingerprint[:24]}",
            state="succeeded",
            model="file",
        )

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Copy the file. Raises BadInputError for one of another size or of another scene."""
        from hoi_platform.services.video.codec import probe_video
        from hoi_platform.services.video.delivery import read_rgb

        shutil.copyfile(imported_file(request.config, request.clip), target)
        facts, frame = probe_video(target), read_rgb(request.frame)
        height, width = frame.shape[:2]
        if (facts.width, facts.height) != (width, height):
            raise BadInputError(
                f"{request.clip}: the imported video has {facts.width}x{facts.height} px, its "
                f"conditioning frame {width}x{height}; resize it, or render the frame at its size"
            )
        checks = first_frame_checks(facts.first_frame, frame)
        if failed := [check.reason for check in checks if not check.passed]:
            raise BadInputError(
                f"{request.clip}: the imported video does not begin with the clip's conditioning "
                f"frame {request.frame} ({'; '.join(failed)}); import one that was made from it"
            )
        return CollectedVideo(None, {"frames": facts.frames, "fps": facts.fps})
