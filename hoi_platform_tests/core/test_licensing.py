"""What the licenses of its parts mean for a clip."""

from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.licensing import License, all_licenses, commercial_ok

LICENSES = st.builds(
    License,
    part=st.sampled_from(["mesh", "body", "masks"]),
    name=st.sampled_from(["Apache-2.0", "CC-BY-NC-4.0"]),
    commercial_ok=st.booleans(),
)


@given(st.lists(LICENSES), st.lists(LICENSES))
def test_one_part_that_is_not_commercial_taints_the_whole(
    above: list[License], own: list[License]
) -> None:
    """A clip made with a research model would be sold."""
    together = all_licenses(above, own)
    assert commercial_ok(together) == (commercial_ok(above) and commercial_ok(own))
    assert set(together) == {*above, *own}
    assert len(together) == len(set(together))
