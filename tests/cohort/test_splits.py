"""Laws of the splits: disjoint by subject, exact in size, proportional by stratum, the same for the same seed."""

import csv
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadm.cohort import splits
from sadm.runtime.errors import SplitError

SHEET = ("dataset", "subject", "session", "scan", "age", "sex", "site", "lesion_ml")
FAST = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sheet(path: Path, subjects: int, sessions: int = 1, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(SHEET)
        for n in range(subjects):
            known = (
                rng.uniform(20, 80),
                rng.choice(["M", "F", ""]),
                rng.choice(["Guys", "HH", "IOP"], p=[0.55, 0.32, 0.13]),
            )
            for session in range(1 + n % sessions):
                row = f"set s{n:04} {session} sub-s{n:04}_ses-{session}".split()
                writer.writerow(
                    [*row, f"{known[0]:.1f}" if n % 7 else "", *known[1:], f"{rng.lognormal(2, 1.5):.3f}"]
                )
    return path


def deal(
    path: Path, role: str = "healthy", folds: int = 5, seed: int = 1, **sizes: float | None
) -> list[dict[str, set[str]]]:
    """The sets of each fold, by subject; checks on the way that all sessions of a subject are in one set."""
    out = path.with_suffix(".out.tsv")
    splits.splits(path, out, role, folds, seed, **sizes)  # type: ignore[arg-type]
    rows, source = splits.read(out), splits.read(path)
    sessions = Counter(row["subject"] for row in source)
    found: list[dict[str, set[str]]] = [{"train": set(), "val": set(), "test": set()} for _ in range(folds)]
    for (fold, subject), group in itertools.groupby(rows, lambda r: (int(r["fold"]), r["subject"])):
        members = list(group)
        assert len({row["set"] for row in members}) == 1
        assert len(members) == sessions[subject]
        found[fold][members[0]["set"]].add(subject)
    return found


def sizes(parts: dict[str, set[str]]) -> tuple[int, int, int]:
    assert not parts["train"] & parts["val"] | parts["train"] & parts["test"] | parts["val"] & parts["test"]
    return len(parts["train"]), len(parts["val"]), len(parts["test"])


def test_paper_ixi(tmp_path: Path) -> None:
    deals = deal(sheet(tmp_path / "ixi.tsv", 566), test=160, val=44, train=358)
    assert [sizes(parts) for parts in deals] == [(358, 44, 160)] * 5
    assert all(parts["test"] == deals[0]["test"] for parts in deals)
    assert not any(a["val"] & b["val"] for a, b in itertools.combinations(deals, 2))
    rest = deal(tmp_path / "ixi.tsv", test=160, val=44, train=None)
    assert [sizes(parts) for parts in rest] == [(362, 44, 160)] * 5


@pytest.mark.parametrize(
    ("total", "annotated", "val", "expected"),
    [
        (1251, 100, 10, (90, 10, 1151)),
        (655, 66, 6, (60, 6, 589)),
        (655, 0.1, 0.1, (59, 7, 589)),
        (24, 0.5, 2, (10, 2, 12)),
        (6, 0, 0.1, (0, 0, 6)),
    ],
)
def test_paper_annotated(
    tmp_path: Path, total: int, annotated: float, val: float, expected: tuple[int, ...]
) -> None:
    deals = deal(sheet(tmp_path / "a.tsv", total), "annotated", annotated=annotated, annotated_val=val)
    assert [sizes(parts) for parts in deals] == [expected] * 5
    assert all(parts == deals[0] for parts in deals)


@FAST
@given(st.data())
def test_any_possible_sizes_are_met(tmp_path: Path, data: st.DataObject) -> None:
    total = data.draw(st.integers(3, 60))
    test = data.draw(st.integers(1, total - 2))
    val = data.draw(st.integers(1, total - test - 1))
    train = data.draw(st.one_of(st.none(), st.integers(1, total - test - val)))
    folds = data.draw(st.integers(1, 6))
    path = sheet(tmp_path / "s.tsv", total, sessions=data.draw(st.integers(1, 3)))
    deals = deal(path, folds=folds, seed=data.draw(st.integers(0, 99)), test=test, val=val, train=train)
    assert [sizes(parts) for parts in deals] == [(train or total - test - val, val, test)] * folds
    assert len({frozenset(parts["test"]) for parts in deals}) == 1
    used = Counter(subject for parts in deals for subject in parts["val"])
    pool = total - test
    assert max(used.values()) <= -(-folds * val // pool), (
        "no subject validates twice while another one has not"
    )


@FAST
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("xyz")), min_size=1, max_size=60), st.data())
def test_draw_is_proportional_in_each_block_of_strata(
    strata: list[tuple[str, str]], data: st.DataObject
) -> None:
    table = {f"s{n:03}": stratum for n, stratum in enumerate(strata)}
    count = data.draw(st.integers(0, len(table)))
    drawn = splits.draw(sorted(table), count, table, np.random.default_rng(data.draw(st.integers(0, 99))))
    assert len(set(drawn)) == count
    for depth in (1, 2):
        blocks = Counter(stratum[:depth] for stratum in strata)
        taken = Counter(table[subject][:depth] for subject in drawn)
        assert all(abs(taken[block] - size * count / len(table)) < 1 for block, size in blocks.items())


def test_draw_takes_each_subject_equally_often() -> None:
    table = {f"s{n}": ("A" if n < 7 else "B",) for n in range(10)}
    taken = Counter(
        s for seed in range(3000) for s in splits.draw(sorted(table), 4, table, np.random.default_rng(seed))
    )
    assert all(abs(taken[subject] / 3000 - 0.4) < 0.04 for subject in table)


def test_sites_and_lesion_volumes_are_balanced(tmp_path: Path) -> None:
    path = sheet(tmp_path / "s.tsv", 300)
    rows = {row["subject"]: row for row in splits.read(path)}
    for parts in deal(path, test=60, val=30, train=None):
        for site, share in Counter(row["site"] for row in rows.values()).items():
            for part in parts.values():
                assert abs(sum(rows[s]["site"] == site for s in part) - share * len(part) / 300) < 3
    (parts,) = deal(path, "annotated", folds=1, annotated=40, annotated_val=8)
    volumes = np.array([float(row["lesion_ml"]) for row in rows.values()])
    for part, size in ((parts["train"] | parts["val"], 40), (parts["val"], 8)):
        quartiles = np.searchsorted(
            np.quantile(volumes, [0.25, 0.5, 0.75]), [float(rows[s]["lesion_ml"]) for s in part]
        )
        assert np.bincount(quartiles, minlength=4).tolist() == [size // 4] * 4


def test_annotated_validation_rotates_within_the_subset(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.tsv", 100)
    same = deal(path, "annotated", annotated=20, annotated_val=4)
    found = deal(path, "annotated", annotated=20, annotated_val=4, annotated_folds="rotate")
    assert found[0] == same[0], "the first fold stays"
    assert len({frozenset(parts["val"]) for parts in same}) == 1
    assert {frozenset(parts["test"]) for parts in found} == {frozenset(same[0]["test"])}
    assert {frozenset(parts["val"] | parts["train"]) for parts in found} == {
        frozenset(same[0]["val"] | same[0]["train"])
    }
    assert len(set().union(*(parts["val"] for parts in found))) == 4 * len(found), (
        "each validates once in five folds of four"
    )


def test_strata() -> None:
    rows = [
        {"subject": s, "age": a, "site": site}
        for s, a, site in zip("aabcd", ["20", "30", "40", "", "90"], "XXYXY", strict=True)
    ]
    found = splits.stratify(rows, ("site", "age:3"))
    assert found == {"a": ("X", 0), "b": ("Y", 1), "c": ("X", -1), "d": ("Y", 2)}


def test_same_seed_same_bytes_and_more_folds_keep_the_first(tmp_path: Path) -> None:
    path = sheet(tmp_path / "s.tsv", 80, sessions=2)
    wanted = {"test": 0.3, "val": 0.1, "train": None}
    first = deal(path, **wanted)
    written = (tmp_path / "s.out.tsv").read_bytes()
    assert deal(path, **wanted) == first
    assert (tmp_path / "s.out.tsv").read_bytes() == written
    assert deal(path, folds=2, **wanted) == first[:2]
    assert deal(path, seed=2, **wanted) != first


@pytest.mark.parametrize(
    ("role", "asked", "numbers"),
    [
        (
            "healthy",
            {"test": 160, "val": 44, "train": 358},
            ["160 test", "44 validation", "358 training", "has 100 subjects"],
        ),
        ("healthy", {"test": 60, "val": 40, "train": None}, ["60 test", "40 validation", "0 training"]),
        ("healthy", {"test": 0, "val": 40, "train": None}, ["0 test"]),
        ("healthy", {"test": 2.5, "val": 40}, ["2.5"]),
        ("healthy", {"test": -1, "val": 40}, ["-1"]),
        (
            "annotated",
            {"annotated": 100, "annotated_val": 10},
            ["90 training", "10 validation", "0 test", "has 100 subjects"],
        ),
        ("annotated", {"annotated": 150, "annotated_val": 10}, ["140 training", "-50 test"]),
        ("annotated", {"annotated": 0.01, "annotated_val": 0.1}, ["1 training", "0 validation"]),
        ("annotated", {"annotated": 5, "annotated_val": 5}, ["0 training", "5 validation"]),
    ],
)
def test_impossible_sizes_name_the_numbers(
    tmp_path: Path, role: str, asked: dict[str, float], numbers: list[str]
) -> None:
    with pytest.raises(SplitError) as error:
        deal(sheet(tmp_path / "s.tsv", 100), role, **asked)
    assert all(number in str(error.value) for number in numbers), error.value
    assert not (tmp_path / "s.out.tsv").exists()
