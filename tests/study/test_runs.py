"""Seeds have a number in the data and a tag in paths: one leads to the other."""

from sadm.study.runs import seed_number, tag


def test_the_number_of_a_seed_is_read_back_from_its_tag() -> None:
    assert [seed_number(tag(number)) for number in (1, 2, 12)] == [1, 2, 12]
