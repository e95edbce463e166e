"""What is shown one at a time."""

from sadm.report.blocks import Choice, Facts, Table, Words
from sadm.report.choices import chosen, under


def table(title: str, **picks: str) -> Table:
    return Table(title, [], [], folded=True, picks=picks)


def test_like_tables_become_one_choice_at_the_place_of_the_first() -> None:
    first, last = Facts([]), Facts([("a", "b")])
    one, two, more = table("1", Set="a"), table("2", Set="b"), table("3", Set="a")
    made = chosen([first, one, two, last, more])
    assert made[0] is first
    assert made[2] is last
    assert isinstance(made[1], Choice)
    assert made[1].picks == {"Set": ["a", "b"]}
    assert [(picks, [each.caption for each in own]) for picks, own in made[1].panels] == [
        ({"Set": "a"}, ["1", "3"]),
        ({"Set": "b"}, ["2"]),
    ]
    assert not any(each.folded for _, own in made[1].panels for each in own)


def test_one_table_alone_is_no_choice() -> None:
    alone = [table("1", Set="a"), Words(["x"])]
    assert chosen(alone) == alone


def test_words_stand_once_above_the_tables_of_each_choice() -> None:
    made = under("Table", "Dice", ["what it is"], [table("1", Set="a"), table("2", Set="a"), table("3", Set="b"), Facts([])])  # fmt: skip
    assert [type(each) for each in made] == [Words, Table, Table, Words, Table]
    assert [each.picks["Table"] for each in made] == ["Dice"] * 5
