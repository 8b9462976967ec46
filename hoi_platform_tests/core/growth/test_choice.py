"""What a night begins: the most valuable cells, floors first, within its limits."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.config.base import parse_config
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.growth.choice import Chosen, Counts, EmptyCell, Group, Limits, choose
from hoi_platform.core.growth.config import GrowthConfig

MUG, DRILL = ("manipulation", "mug"), ("manipulation", "drill")
PLAIN = GrowthConfig(default_target=10, default_floor=0, cell_usd=0.01)
ALL = Limits(cells=10_000, usd=Decimal(10_000))


def cells(group: Group, count: int, usd: str = "0.35") -> list[EmptyCell]:
    return [EmptyCell(f"{group[1]}|{i:03d}", group, Decimal(usd)) for i in range(count)]


def keys(chosen: Sequence[Chosen]) -> list[str]:
    return [one.cell.key for one in chosen]


def test_the_value_is_the_formula() -> None:
    """The numbers that are printed would not be those that the choice was made by."""
    (first,) = choose(cells(MUG, 1), {MUG: Counts(valid=3, rejected=1)}, PLAIN, ALL)
    assert first.expected_yield == pytest.approx(4 / 6)
    assert first.value == pytest.approx((10 - 3) / 10 * (4 / 6) / 0.35)


def test_an_unjudged_category_has_the_yield_of_the_prior() -> None:
    """A new object would never be tried, or be tried without end."""
    prior = PLAIN.model_copy(update={"prior_valid": 3.0, "prior_rejected": 1.0})
    assert Counts().expected_yield(prior) == pytest.approx(0.75)
    assert Counts(rejected=96).expected_yield(prior) == pytest.approx(0.03)


def test_what_is_chosen_counts_as_expected() -> None:
    """One category would take the whole night: its first cell is worth as much as its last."""
    counts = {MUG: Counts(valid=1), DRILL: Counts(valid=1)}
    chosen = choose(cells(MUG, 4) + cells(DRILL, 4), counts, PLAIN, ALL)
    assert [key[0] for key in keys(chosen)] == ["d", "m"] * 4
    assert [one.valid for one in chosen][:4] == pytest.approx([1, 1, 1 + 2 / 3, 1 + 2 / 3])


def test_a_category_is_full_when_the_expected_clips_reach_its_target() -> None:
    """More would be bought than anybody wants, because nothing is judged yet."""
    config = PLAIN.model_copy(update={"prior_valid": 1.0, "prior_rejected": 1.0})
    chosen = choose(cells(MUG, 50), {MUG: Counts(in_work=4)}, config, ALL)
    assert len(chosen) == 16  # 4 in work and 16 chosen, half of them valid: 10


def test_floors_come_first() -> None:
    """A category that nearly always fails would never get its first clips."""
    config = PLAIN.model_copy(update={"floors": {"mug": 1}})
    counts = {MUG: Counts(rejected=8), DRILL: Counts(valid=5)}
    chosen = choose(cells(MUG, 30) + cells(DRILL, 1), counts, config, ALL)
    assert keys(chosen).index("drill|000") == 10  # ten mugs at a tenth: one expected valid clip
    assert [one.below_floor for one in chosen[:11]] == [True] * 10 + [False]


def test_free_clips_are_compared_by_what_computing_counts_as() -> None:
    """With the simulated backend the price is 0, and the value would be infinite."""
    (first,) = choose(cells(MUG, 1, "0"), {}, PLAIN, Limits(1, Decimal(0)))
    assert first.value == pytest.approx(0.5 / 0.01)


def test_a_cell_that_does_not_fit_leaves_the_money_to_a_cheaper_one() -> None:
    """A single dear object would end every night."""
    dear, cheap = cells(MUG, 1, "4.00"), cells(DRILL, 3, "1.00")
    counts = {DRILL: Counts(valid=9)}
    chosen = choose(dear + cheap, counts, PLAIN, Limits(10, Decimal("3.00")))
    assert keys(chosen) == ["drill|000", "drill|001"]


groups = st.sampled_from([MUG, DRILL, ("carrying", "mug")])
empty = st.builds(
    EmptyCell,
    key=st.text("abc", min_size=1, max_size=4),
    group=groups,
    usd=st.sampled_from([Decimal(p) for p in ("0", "0.01", "0.05", "0.35", "1.40")]),
)
known = st.dictionaries(
    groups, st.builds(Counts, valid=st.integers(0, 6), rejected=st.integers(0, 6)), max_size=3
)
configs = st.builds(
    GrowthConfig,
    default_target=st.integers(1, 8),
    default_floor=st.integers(0, 3),
    targets=st.dictionaries(st.sampled_from(["mug", "drill"]), st.integers(0, 8)),
    cell_usd=st.sampled_from([0.01, 0.1]),
)
limits = st.builds(
    Limits, st.integers(0, 8), st.sampled_from([Decimal(p) for p in ("0", "1", "99")])
)


@given(st.lists(empty, max_size=12, unique_by=lambda cell: cell.key), known, configs, limits)
def test_the_choice_is_that_of_trying_every_cell_at_every_step(
    grid: list[EmptyCell], counts: dict[Group, Counts], config: GrowthConfig, limit: Limits
) -> None:
    """The queues would leave out, or reorder, what the definition chooses."""
    assert keys(choose(grid, counts, config, limit)) == _slowly(grid, counts, config, limit)


def _slowly(
    grid: list[EmptyCell], counts: dict[Group, Counts], config: GrowthConfig, limit: Limits
) -> list[str]:
    """The definition, cell by cell."""
    rest, chosen, left = list(grid), list[EmptyCell](), limit.usd
    while rest and len(chosen) < limit.cells:
        ranked = []
        for cell in rest:
            known = counts.get(cell.group, Counts())
            share = known.expected_yield(config)
            valid = known.valid + sum(one.group == cell.group for one in chosen) * share
            target = config.target(cell.group[1])
            if target > valid:
                price = max(float(cell.usd), config.cell_usd)
                value = (target - valid) / target * share / price
                ranked.append((valid >= config.floor(cell.group[1]), -value, cell.key, cell))
        if not ranked:
            break
        best = min(ranked, key=lambda rank: rank[:3])[3]
        rest.remove(best)
        if best.usd <= left:
            chosen.append(best)
            left -= best.usd
    return [cell.key for cell in chosen]


@given(st.lists(empty, max_size=12, unique_by=lambda cell: cell.key), configs, limits)
def test_limits_and_order_hold(grid: list[EmptyCell], config: GrowthConfig, limit: Limits) -> None:
    """A night would spend or begin more than it may, or depend on the order of the grid."""
    chosen = choose(grid, {}, config, limit)
    assert len(chosen) <= limit.cells
    assert sum((one.cell.usd for one in chosen), Decimal(0)) <= limit.usd
    assert len({*keys(chosen)}) == len(chosen)
    assert keys(choose(grid[::-1], {}, config, limit)) == keys(chosen)


def test_mistakes_of_the_file_are_named() -> None:
    """A mistyped target would be ignored night after night."""
    with pytest.raises(ConfigError, match="did you mean 'new_clips'"):
        parse_config(GrowthConfig, {"new_clip": 3}, "growth.yaml")
    with pytest.raises(ConfigError, match="targets of mug must be 0 or more"):
        parse_config(GrowthConfig, {"targets": {"mug": -1}}, "growth.yaml")
