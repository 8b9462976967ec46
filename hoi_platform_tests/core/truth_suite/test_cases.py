"""The lists of the truth suite keep what they promise."""

from typing import get_args

from hoi_platform.core.truth_suite.cases import (
    SEALED_OBJECTS,
    SEALED_SEEDS,
    TUNING_OBJECTS,
    TUNING_SEEDS,
    Part,
    cases,
)


def test_sealed_clips_share_neither_object_nor_seed_with_the_others() -> None:
    """Sealed figures would be figures of clips that were tuned on."""
    sealed = cases("sealed")
    others = [case for part in get_args(Part) if part != "sealed" for case in cases(part)]
    assert not {case.category for case in sealed} & {case.category for case in others}
    assert not {case.seed for case in sealed} & {case.seed for case in others}
    assert not set(SEALED_OBJECTS) & set(TUNING_OBJECTS)
    assert not set(SEALED_SEEDS) & set(TUNING_SEEDS)


def test_every_part_has_its_number_of_cases_with_names_of_their_own() -> None:
    """Figures of one case would overwrite another's, or a part be smaller than published."""
    sizes = {"tuning": 24, "sealed": 24, "degraded": 48, "knowledge": 18, "large": 4}
    for part in get_args(Part):
        names = [case.name for case in cases(part)]
        assert len(names) == len(set(names)) == sizes[part]


def test_spoiled_clips_are_six_tuning_clips() -> None:
    """A clean clip would have to be made for a spoiled one alone, or an object be missed."""
    tuning = {(case.category, case.seed) for case in cases("tuning")}
    spoiled = {(case.category, case.seed) for case in [*cases("degraded"), *cases("knowledge")]}
    assert len(spoiled) == 6
    assert spoiled <= tuning
    assert {category for category, _ in spoiled} == set(TUNING_OBJECTS)
