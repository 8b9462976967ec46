"""The reference's command lines: flags, shards, clip ids."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.errors import ConfigError
from hoi_platform.pipelines import gen_2dhoi, recon_4dhoi
from hoi_platform.pipelines.common import shard


@given(st.lists(st.integers(), max_size=40), st.integers(1, 9))
def test_shards_are_disjoint_and_complete(items: list[int], count: int) -> None:
    """Sharded workers would do a clip twice (and pay twice) or never."""
    shards = [shard(items, index, count) for index in range(count)]
    assert sorted(x for part in shards for x in part) == sorted(items)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize(("index", "count"), [(-1, 2), (2, 2), (0, 0)])
def test_an_impossible_shard_is_refused(index: int, count: int) -> None:
    """A typing mistake in a scheduler would silently run nothing or everything."""
    with pytest.raises(ConfigError, match="from 0 to the number of chunks"):
        shard([1, 2, 3], index, count)


GEN_FLAGS = (
    "--dataset ComAsset --category cordless_drill --character kid --results_dir results "
    "--video_model_api simulated --skip_step1 --skip_step2 --skip_step3 --skip_step4 "
    "--skip_done --job_chunk_idx 0 --num_job_chunks 8 --verbose --config x.yaml"
)
RECON_FLAGS = (
    "--dataset ComAsset --category cordless_drill --results_dir results --is_static_obj "
    "--skip_step1 --skip_step2 --skip_step3 --skip_step4 --skip_step5 --skip_step6 "
    "--skip_done --job_chunk_idx 0 --num_job_chunks 8 --verbose --video_id a/b/c"
)


def test_the_seeds_flags_are_accepted() -> None:
    """Commands of the reference's documentation would stop with a usage error."""
    assert gen_2dhoi.parser().parse_args(GEN_FLAGS.split()).skip_step4
    assert recon_4dhoi.parser().parse_args(RECON_FLAGS.split()).skip_step6


def test_an_unknown_object_is_one_line_with_the_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped category would end in a stack trace or in an empty success."""
    flags = ["--dataset", "ComAsset", "--category", "cordless_dril", "--results_dir", str(tmp_path)]
    assert gen_2dhoi.main(flags) == 2
    message = capsys.readouterr().err
    assert "cordless_drill" in message
    assert message.count("\n") == 1


def test_a_malformed_video_id_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clip id with a mistake would be reconstructed under another name or crash."""
    assert recon_4dhoi.main(["--video_id", "nonsense", "--results_dir", str(tmp_path)]) == 2
    assert "rand00001" in capsys.readouterr().err
