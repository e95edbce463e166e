"""Laws of the splits after the checks: an excluded scan changes its own subject's seat, and nobody changes sides."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadm.cohort import seats, splits
from sadm.cohort.audit import within
from sadm.runtime.files import write_table

FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Sizes = dict[str, Any]


def write_sheet(path: Path, subjects: int, sessions: int = 1) -> Path:
    """Subjects with site, sex, age and lesion volume; every other one of ``sessions`` scans."""
    rows = [
        {
            "dataset": "ixi",
            "subject": f"s{n:03}",
            "scan": f"sub-s{n:03}_ses-{session}",
            "sha256": f"{n}_{session}",
            "site": "ABC"[n * 7 % 11 % 3],
            "sex": "FM"[n * 5 % 7 % 2],
            "age": f"{20 + n * 13 % 60}",
            "lesion_ml": f"{n * 17 % 50}",
        }
        for n in range(subjects)
        for session in range(sessions if n % 2 else 1)
    ]
    write_table(rows, list(rows[0]), path)
    return path


def deal(
    path: Path, excluded: set[str], role: str, folds: int, seed: int, sizes: Sizes
) -> tuple[dict[str, seats.Seat], dict[str, str]]:
    """Seat of each subject, and {replaced: who took its seat}, by the splits file; ``excluded``: scans."""
    out, list_of = path.with_name("out.tsv"), path.with_name("excluded.tsv")
    write_table([{"scan": scan} for scan in sorted(excluded)], ("scan",), list_of)
    splits.splits(path, out, role, folds, seed, excluded=[list_of], **sizes)
    rows, sheet = splits.read(out), splits.read(path)
    assert not within(sheet, rows), "nothing is on two sides, in a fold or across folds"
    assert not excluded & {row["scan"] for row in rows}
    found = {row["subject"]: [""] * folds for row in sheet}
    for row in rows:
        found[row["subject"]][int(row["fold"])] = row["set"]
    kept = {row["scan"] for row in sheet} - excluded
    dealt = Counter(row["scan"] for row in rows)
    for row in sheet:
        if row["scan"] in kept:
            assert dealt[row["scan"]] == sum(map(bool, found[row["subject"]])), (
                "all scans that passed, once a fold"
            )
    return (
        {subject: tuple(seat) for subject, seat in found.items()},
        {row["replaces"]: row["subject"] for row in rows if row["replaces"]},
    )


def scans_of(path: Path, subjects: set[str]) -> set[str]:
    return {row["scan"] for row in splits.read(path) if row["subject"] in subjects}


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, int, str, int, Sizes]:
    """Subjects, sessions, role, folds and sizes of a split that can be made."""
    total, folds = draw(st.integers(4, 40)), draw(st.integers(1, 4))
    if draw(st.booleans()):
        subset = draw(st.integers(2, total - 1))
        how = draw(st.sampled_from(["same", "rotate"]))
        sizes: Sizes = {
            "annotated": subset,
            "annotated_val": draw(st.integers(1, subset - 1)),
            "annotated_folds": how,
        }
        return total, draw(st.integers(1, 3)), "annotated", folds, sizes
    test = draw(st.integers(1, total - 2))
    val = draw(st.integers(1, total - test - 1))
    train = draw(st.one_of(st.none(), st.integers(1, total - test - val)))
    return total, draw(st.integers(1, 3)), "healthy", folds, {"test": test, "val": val, "train": train}


def movable(role: str, folds: int, sizes: Sizes) -> seats.Seat:
    """The seat of those that may take another's."""
    last = "test" if role == "annotated" else "train" if sizes["train"] is None else ""
    return (last,) * folds


@FAST
@given(cases(), st.data())
def test_excluding_a_subject_changes_its_seat_and_that_of_who_takes_it(
    tmp_path: Path, case: tuple[int, int, str, int, Sizes], data: st.DataObject
) -> None:
    total, sessions, role, folds, sizes = case
    path, seed = write_sheet(tmp_path / "s.tsv", total, sessions), data.draw(st.integers(0, 9))
    before, _ = deal(path, set(), role, folds, seed, sizes)
    gone = data.draw(st.sampled_from(sorted(before)))
    after, taken = deal(path, scans_of(path, {gone}), role, folds, seed, sizes)
    free = movable(role, folds, sizes)
    assert not any(after[gone])
    changed = {subject for subject in before if before[subject] != after[subject]} - {gone}
    if before[gone] == free or not any(before[gone]):
        assert not changed
        assert not taken
        return
    others = [s for s, seat in before.items() if seat == free]
    if len(others) > any(free):
        (taker,) = changed
        assert taken == {gone: taker}
        assert (before[taker], after[taker]) == (free, before[gone])
    else:
        assert not changed
        assert not taken


@FAST
@given(cases(), st.data())
def test_whoever_was_seated_and_passed_stays_and_sizes_are_kept_while_there_is_somebody_left(
    tmp_path: Path, case: tuple[int, int, str, int, Sizes], data: st.DataObject
) -> None:
    total, sessions, role, folds, sizes = case
    path, seed = write_sheet(tmp_path / "s.tsv", total, sessions), data.draw(st.integers(0, 9))
    before, _ = deal(path, set(), role, folds, seed, sizes)
    gone = data.draw(st.sets(st.sampled_from(sorted(before)), max_size=total // 2))
    after, taken = deal(path, scans_of(path, gone), role, folds, seed, sizes)
    assert (after, taken) == deal(path, scans_of(path, gone), role, folds, seed, sizes)
    free = movable(role, folds, sizes)
    moved = set(taken.values())
    for subject in set(before) - gone - moved:
        assert after[subject] == before[subject]
    lost = Counter(before[s] for s in gone if any(before[s]) and before[s] != free)
    refilled = Counter(after[s] for s in moved)
    left = sum(before[s] == free for s in set(before) - gone)
    assert refilled.total() == min(lost.total(), max(left - any(free), 0))
    assert not refilled - lost
    assert {before[s] for s in moved} <= {free}


def test_the_papers_sizes_stay_while_subjects_are_left_over(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "ixi.tsv", 581)
    sizes = {"test": 160, "val": 44, "train": 358}
    before, _ = deal(path, set(), "healthy", 5, 3141, sizes)
    assert sum(not any(seat) for seat in before.values()) == 19
    gone = {s for n, s in enumerate(sorted(before)) if n % 43 == 0}
    assert len({before[s] for s in gone}) > 3
    after, taken = deal(path, scans_of(path, gone), "healthy", 5, 3141, sizes)
    for fold in range(5):
        count = Counter(seat[fold] for seat in after.values())
        assert (count["train"], count["val"], count["test"]) == (358, 44, 160)
    tested = {s for s, seat in after.items() if "test" in seat}
    assert all(after[s] == ("test",) * 5 for s in tested)
    assert set(taken) == {s for s in gone if any(before[s])}


def test_a_scan_that_could_not_be_read_counts_as_one_that_did_not_pass(tmp_path: Path) -> None:
    """The sheet has no row of it then; its list tells the subject and its stratum."""
    whole = write_sheet(tmp_path / "s.tsv", 40)
    rows = splits.read(whole)
    sizes = {"test": 10, "val": 5, "train": 20}
    for bad in ("s004", "s017", "s030"):
        wanted = deal(whole, scans_of(whole, {bad}), "healthy", 3, 1, sizes)
        part, list_of = tmp_path / "part.tsv", tmp_path / "bad.tsv"
        write_table([row for row in rows if row["subject"] != bad], list(rows[0]), part)
        write_table([row for row in rows if row["subject"] == bad], list(rows[0]), list_of)
        splits.splits(part, tmp_path / "found.tsv", "healthy", 3, 1, excluded=[list_of], **sizes)
        found = splits.read(tmp_path / "found.tsv")
        assert {row["replaces"]: row["subject"] for row in found if row["replaces"]} == wanted[1]
        for row in found:
            assert wanted[0][row["subject"]][int(row["fold"])] == row["set"]


def test_one_of_two_sessions_excluded_moves_nobody(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "s.tsv", 30, sessions=2)
    sizes = {"test": 8, "val": 4, "train": 12}
    before, _ = deal(path, set(), "healthy", 2, 1, sizes)
    assert deal(path, {"sub-s001_ses-1", "sub-s003_ses-0"}, "healthy", 2, 1, sizes) == (before, {})


def test_who_takes_a_seat_is_like_who_lost_it_and_the_log_names_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_sheet(tmp_path / "s.tsv", 120)
    sizes = {"test": 30, "val": 10, "train": 40}
    before, _ = deal(path, set(), "healthy", 2, 1, sizes)
    stratum = splits.stratify(splits.read(path), ("site", "sex", "age:3"))
    left = Counter(stratum[s][:2] for s, seat in before.items() if not any(seat))
    for gone in [s for s, seat in before.items() if any(seat)][::9]:
        _, taken = deal(path, scans_of(path, {gone}), "healthy", 2, 1, sizes)
        assert left[stratum[gone][:2]]
        assert stratum[taken[gone]][:2] == stratum[gone][:2]
        said = capsys.readouterr().out
        assert f"ixi: {gone} (" in said
        assert before[gone][0] in said.partition(f"{gone} (")[2].partition(")")[0]
        assert f"{taken[gone]} takes its seat" in said


def test_seats_are_filled_by_need_and_none_is_left_empty_silently(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_sheet(tmp_path / "s.tsv", 11)
    sizes = {"test": 4, "val": 2, "train": 4}
    before, _ = deal(path, set(), "healthy", 1, 1, sizes)
    gone = {next(s for s, seat in before.items() if seat == (part,)) for part in ("train", "test")}
    after, taken = deal(path, scans_of(path, gone), "healthy", 1, 1, sizes)
    assert Counter(seat[0] for seat in after.values() if seat[0]) == {"test": 4, "val": 2, "train": 3}
    (replaced,) = taken
    assert before[replaced] == ("test",)
    assert "(train) did not pass its check, nobody is left to take its seat" in capsys.readouterr().out


def test_alike_counts_the_first_properties() -> None:
    assert seats.alike(("A", "F", 1), ("A", "F", 1)) == 3
    assert seats.alike(("A", "F", 1), ("A", "M", 1)) == 1
    assert seats.alike(("A", "F", 1), ("B", "F", 1)) == 0
