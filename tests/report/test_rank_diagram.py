"""The critical-difference diagram, and the sentence where there is none."""

from pathlib import Path

import pytest
from small_study import LAYOUT, text

from sadm.report.blocks import Ranks, Words
from sadm.report.rank_diagram import cliques, diagrams, joined
from sadm.study.layout import Layout

HEAD = "testset\tkind\trow\tmetric\tmean_rank\tfriedman_p\tcritical_difference\tmethods\tsubjects\n"


def ranks(p: str, subjects: int, methods: int = 7) -> str:
    lines = (f"les\tmethod\tm{k}\tdice\t{k + 1}\t{p}\t2.5\t{methods}\t{subjects}\n" for k in range(methods))
    return HEAD + "".join(lines)


def test_bars_join_the_longest_runs_that_do_not_differ() -> None:
    assert cliques([1, 2, 3, 7, 8], 2.5) == [(1, 3), (7, 8)]
    assert cliques([1, 4, 8], 2.5) == []
    assert cliques([1, 2, 3, 4], 2.5) == [(1, 3), (2, 4)]


def test_a_diagram_has_all_methods_best_first_and_says_what_to_see(tmp_path: Path) -> None:
    (made,) = diagrams(text(tmp_path / "r.tsv", ranks("1e-9", 20)), Layout(**LAYOUT))
    assert isinstance(made, Ranks)
    assert [label.name for label in made.labels] == [f"m{k}" for k in range(7)]
    assert [label.left for label in made.labels] == [True] * 4 + [False] * 3
    xs = [label.at for label in made.labels]
    assert xs == sorted(xs)
    assert "m0, the first, does not differ from 2 of the 6 others." in made.see
    assert made.critical[1] - made.critical[0] == pytest.approx(2.5 * (xs[1] - xs[0]))
    assert joined([(1, "a"), (5, "b")], 2) == "a differs from all others."


@pytest.mark.parametrize(
    ("p", "subjects", "methods", "why"),
    [("", 10, 7, "more than 10 subjects"), ("", 20, 5, "5 methods"), ("0.2", 20, 7, "finds no difference")],
)
def test_without_its_premises_there_is_a_sentence(
    tmp_path: Path, p: str, subjects: int, methods: int, why: str
) -> None:
    (made,) = diagrams(text(tmp_path / "r.tsv", ranks(p, subjects, methods)), Layout(**LAYOUT))
    assert isinstance(made, Words)
    assert why in made.paragraphs[0]
