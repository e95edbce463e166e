"""Patterns with stars stand for what regular expressions would, and end whatever the pattern."""

import random
import re
import time

from sadm.data.stars import STARS, Pattern

MEANS = {"*": "([^/]+)", "**": "(.+)"}


def by_regex(pattern: str, path: str) -> tuple[str, ...] | None:
    found = re.fullmatch("".join(MEANS.get(p) or re.escape(p) for p in STARS.split(pattern)), path, re.DOTALL)
    return found.groups() if found else None


def test_stars_stand_for_what_the_regular_expression_says():
    draw, fitting = random.Random(1), 0
    for _ in range(20_000):
        pattern = "".join(draw.choice(["a", "b", "/", "*", "**", "_"]) for _ in range(draw.randint(1, 7)))
        path = "".join(draw.choice("ab/_") for _ in range(draw.randint(0, 9)))
        assert Pattern(pattern).stand_for(path) == by_regex(pattern, path), (pattern, path)
        fitting += by_regex(pattern, path) is not None
    assert fitting > 500


def test_many_stars_end():
    start = time.process_time()
    assert Pattern("**a" * 30 + "**b").stand_for("a" * 2000) is None
    assert Pattern("*a" * 30 + "x/*").stand_for("a" * 2000 + "/b") is None
    assert time.process_time() - start < 5


def test_the_first_star_takes_what_it_can_and_stars_are_one_sign_at_least():
    assert Pattern("*_*").stand_for("a_b_c") == ("a_b", "c")
    assert Pattern("*/**").stand_for("a/b/c") == ("a", "b/c")
    assert Pattern("*_T1").stand_for("_T1") is None
