"""Writes a release whole: into a staging folder that a killed run left or not, then one rename."""

import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.hoi_npz import read_hoi_npz
from hoi_platform.core.splits import Split
from hoi_platform.services.artifacts.files import (
    copy_whole,
    exclusive,
    storage_errors,
    sync_folder,
    write_whole,
)
from hoi_platform.services.artifacts.record import file_digest
from hoi_platform.services.release.card import card, summary
from hoi_platform.services.release.checksums import SUMS, checksums
from hoi_platform.services.release.plan import (
    RELEASES,
    ReleasedClip,
    ReleasePlan,
    Source,
    video_path,
)
from hoi_platform.services.release.rows import clip_row, clips_table, frames_table

Written = Callable[[str], None]
"""Is given the path of each file of the release once it is there."""

_SHARD_FRAMES: Final = 50_000
"""Frames of one Parquet file, at most, unless one clip has more; chosen: about 80 MB, below the
100 MB that LeRobot's format allows."""
_GROUP_ROWS: Final = 5_000
"""Rows that a reader has to load at once; chosen: about 8 MB."""
_PLAN: Final = ".plan"
"""File of a staging folder: the identity of what is being written there."""


@dataclass(frozen=True)
class Shard:
    """Clips whose rows are in one pair of Parquet files."""

    split: Split
    number: int
    of: int
    clips: tuple[ReleasedClip, ...]
    first_episode: int
    first_row: int

    def path(self, table: str) -> str:
        """``data/frames/train-00000-of-00002.parquet``."""
        return f"data/{table}/{self.split}-{self.number:05d}-of-{self.of:05d}.parquet"


def release_folder(results: Path, name: str) -> Path:
    """Where a release is or will be."""
    return results / RELEASES / name


def write_release(
    plan: ReleasePlan, results: Path, written: Written = lambda _: None, most: int = _SHARD_FRAMES
) -> Path:
    """Write a planned release, or continue with what a killed run of the same plan left.

    ``most`` frames go into one Parquet file. Raises BadInputError where the release exists:
    one that was handed out is never changed.
    """
    folder = release_folder(results, plan.name)
    staging = folder.with_name(f".{plan.name}.part")
    with (
        storage_errors(f"release {plan.name}", results),
        exclusive(results / ".staging" / "locks" / f"release-{plan.name}.lock"),
    ):
        _check_free(folder)
        _begin(staging, f"{plan.identity} {most}")
        _fill(staging, plan, written, most)
        (staging / _PLAN).unlink()
        staging.rename(folder)
        sync_folder(folder.parent)
    return folder


def _check_free(folder: Path) -> None:
    if folder.exists():
        raise BadInputError(
            f"the release {folder.name} exists ({folder}) and is never changed, because others may "
            f"have it; choose another name, such as {folder.name}-2"
        )


def _begin(staging: Path, identity: str) -> None:
    """Empty the folder unless it was begun for the same plan and the same shards."""
    begun = staging / _PLAN
    if not begun.is_file() or begun.read_text() != identity:
        shutil.rmtree(staging, ignore_errors=True)
        write_whole(begun, identity)


def _fill(root: Path, plan: ReleasePlan, written: Written, most: int) -> None:
    for path, source in _copies(plan):
        _copy(source, root / path)
        written(path)
    for split, clips in plan.splits.items():
        shards = shards_of(split, clips, most)
        for shard in shards:
            _write_shard(shard, root)
            written(shard.path("clips"))
        _write_video_table(shards, root)
    write_whole(root / "README.md", card(plan))
    write_whole(root / "release.json", json.dumps(summary(plan), indent=1) + "\n")
    sums = checksums(root, ignored=(_PLAN,))
    write_whole(root / SUMS, "".join(f"{digest}  {path}\n" for path, digest in sums.items()))
    written(SUMS)


def _copies(plan: ReleasePlan) -> Iterator[tuple[str, Source]]:
    yield from plan.meshes.items()
    for split, clips in plan.splits.items():
        yield from ((video_path(split, one.clip), one.video) for one in clips)


def _copy(source: Source, target: Path) -> None:
    """Nothing is copied twice; what changed since the plan was made is refused."""
    if not target.is_file():
        copy_whole(source.path, target)
    if file_digest(target) != source.sha256:
        target.unlink()
        raise BadInputError(
            f"{source.path} was changed while it was released; run the command again, which plans "
            "anew"
        )


def shards_of(split: Split, clips: Sequence[ReleasedClip], most: int) -> list[Shard]:
    """Consecutive clips, so that no Parquet file has more than ``most`` frames or half a clip."""
    groups: list[list[ReleasedClip]] = [[]]
    for clip in clips:
        if groups[-1] and sum(map(_frames, (*groups[-1], clip))) > most:
            groups.append([])
        groups[-1].append(clip)
    shards: list[Shard] = []
    episode = row = 0
    for number, group in enumerate(groups):
        shards.append(Shard(split, number, len(groups), tuple(group), episode, row))
        episode, row = episode + len(group), row + sum(map(_frames, group))
    return shards


def _frames(clip: ReleasedClip) -> int:
    return clip.verdict.kept_frames


def _write_shard(shard: Shard, root: Path) -> None:
    """The table of clips is written last: with it, the shard is done."""
    import pyarrow as pa

    if (root / shard.path("clips")).is_file():
        return
    rows: list[dict[str, Any]] = []
    frames = []
    row = shard.first_row
    for episode, released in enumerate(shard.clips, shard.first_episode):
        data = read_hoi_npz(released.hoi_data.path)
        if len(data) != _frames(released):
            raise BadInputError(
                f"{released.hoi_data.path} has {len(data)} frames where its verdict keeps "
                f"{_frames(released)}; materialize filtered_hoi of {released.clip} again"
            )
        rows.append(clip_row(released, data, shard.split, episode))
        frames.append(frames_table(released.clip.path, data, episode, row))
        row += len(data)
    write_parquet(pa.concat_tables(frames), root / shard.path("frames"))
    write_parquet(clips_table(rows), root / shard.path("clips"))


def _write_video_table(shards: Sequence[Shard], root: Path) -> None:
    """``metadata.parquet`` beside a split's videos: its clips, by the name of their files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(root / shard.path("clips")) for shard in shards])
    above = f"videos/{shards[0].split}/"
    names = pa.array([path.removeprefix(above) for path in table["video"].to_pylist()])
    table = table.drop_columns(["poster", "video"]).add_column(0, "file_name", names)
    write_parquet(table, root / above / "metadata.parquet")


def write_parquet(table: Any, path: Path) -> None:
    """Write a table whole; the same table gives the same bytes."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=_GROUP_ROWS)
    write_whole(path, buffer.getvalue())
