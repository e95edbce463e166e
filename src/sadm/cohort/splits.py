"""Subject-disjoint, stratified, seeded sets: a healthy test set and folds of train and val; annotated subsets.

Sizes count subjects, and are met exactly; all sessions of a subject are in one set. A draw is systematic: subjects are
ordered by stratum, at random within one, and every (n/k)-th is taken from a random start (Cochran 1977, chapter 8). So
each stratum, and each block of strata that share their first properties, gives its share to less than one subject.

Sets are dealt before scans are checked; an excluded scan then changes its own subject's seat and no other (`sadm.cohort.seats`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from sadm.cohort.seats import Seat, Stratum, filled, replacements, seats
from sadm.runtime import seeds
from sadm.runtime.errors import DataError, SplitError
from sadm.runtime.files import REMAKE, Row, write_table
from sadm.runtime.files import read_table as read

COLUMNS = ("dataset", "scan", "subject", "fold", "set")
REPLACES = "replaces"  # a further column: the subject whose seat this one took
SETS = ("train", "val", "test")
SHEET = ("dataset", "subject", "scan")  # what every sheet has
Strata = Mapping[str, Stratum]
Deal = dict[str, list[str]]


def splits(
    sheet: str | Path, out: str | Path, role: str, folds: int, seed: int,
    test: float = 0, val: float = 0, train: float | None = None, annotated: float = 0, annotated_val: float = 0,
    annotated_folds: str = "same", excluded: Sequence[str | Path] = (),
) -> None:  # fmt: skip
    """Deal the subjects of ``sheet`` into sets and write ``out`` (tsv: `COLUMNS` and `REPLACES`), a row a scan and fold.

    ``role`` "healthy": ``test`` subjects, the same in each fold, then ``val`` and ``train`` of each fold (None: all that
    are left), stratified by site, sex and tertile of age. ``role`` "annotated": a subset of ``annotated`` subjects, of
    which ``annotated_val`` for validation, and all others for testing, the same in each fold, stratified by quartile of
    lesion volume and site; with ``annotated_folds`` "rotate" the subset stays, and other ones of it validate in each fold.
    Sizes are counts, or below 1 shares, of all subjects. ``excluded``: lists of the scans that did not pass (tsv: scan):
    they get no row, and a subject that has no other is replaced (`sadm.cohort.seats`), which changes no other seat. Scans of
    these lists that the sheet does not have are dealt as if it had, by the columns of the sheet that their list has. Raises SplitError for sizes that cannot be met.
    """
    rows = read(sheet, SHEET)
    failed = {row["scan"]: row for path in excluded for row in read(path)}
    kept = [row for row in rows if row["scan"] not in failed]
    unread = failed.keys() - {row["scan"] for row in rows}
    everyone = [*rows, *(row for scan, row in failed.items() if scan in unread and row.get("subject"))]
    name, subjects = rows[0]["dataset"], sorted({row["subject"] for row in everyone})
    strata = stratify(everyone, ("site", "sex", "age:3") if role == "healthy" else ("lesion_ml:4", "site"))
    if role == "healthy":
        deals = healthy(subjects, strata, folds, (test, val, train), seed, name)
        last = "" if train is not None else "train"
    else:
        turns = folds if annotated_folds == "rotate" else 1
        deals = annotated_sets(subjects, strata, (annotated, annotated_val), seed, name, turns)
        deals, last = deals * (folds // turns), "test"
    passed = {row["subject"] for row in kept}
    order = [subjects[n] for n in _rng(seed, name, "order").permutation(len(subjects))]
    held = seats(deals, subjects)
    taken = replacements(held, (last,) * folds, passed, strata, order)
    final = filled(held, passed, taken)
    _tell(name, final, taken, held)
    owners = {other: subject for subject, other in taken.items()}
    write_table(_lines(kept, final, owners, folds), (*COLUMNS, REPLACES), out)


def _lines(
    rows: Sequence[Mapping[str, str]], final: Mapping[str, Seat], owners: Mapping[str, str], folds: int
) -> list[dict[str, object]]:
    """The rows of a splits file: each scan of ``rows`` in each fold in which its subject has a set."""
    return [
        {key: row[key] for key in SHEET}
        | {"fold": fold, "set": final[row["subject"]][fold], REPLACES: owners.get(row["subject"], "")}
        for fold in range(folds)
        for row in rows
        if final[row["subject"]][fold]
    ]


def _tell(name: str, final: Mapping[str, Seat], taken: Mapping[str, str], held: Mapping[str, Seat]) -> None:
    """Print the sizes of the sets, and who takes whose seat."""
    for fold in range(len(next(iter(held.values())))):
        count = Counter(seat[fold] for seat in final.values())
        print(f"{name}, fold {fold}: {', '.join(f'{count[part]} {part}' for part in SETS)}")
    for subject, other in taken.items():
        where = " and ".join(part for part in SETS if part in held[subject])
        who = f"{other} takes its seat" if other else "nobody is left to take its seat"
        print(f"{name}: {subject} ({where}) did not pass its check, {who}")


def read_splits(path: str | Path) -> list[Row]:
    """The rows of a splits file. Raises DataError if it is none, as one edited by hand may be."""
    rows = read(path, COLUMNS)
    for line, row in enumerate(rows, 2):
        if not row["fold"].isdecimal() or row["set"] not in SETS:
            raise DataError(
                "A splits file is not what it should be.",
                file=path,
                cause=f"line {line}: fold {row['fold']!r}, set {row['set']!r}",
                fix=REMAKE,
            )
    return rows


def size(asked: float, total: int, what: str) -> int:
    """Subjects that ``asked`` means out of ``total``: itself if 1 or more, else that share, rounded half up."""
    if asked < 0 or (asked >= 1 and asked != int(asked)):
        fix = "use a count of subjects, or a share below 1"
        raise SplitError(
            f"A split cannot be made: {what} is {asked}.", cause="neither a whole number nor a share", fix=fix
        )
    return int(asked) if asked >= 1 else int(asked * total + 0.5)


def stratify(rows: Sequence[Mapping[str, str]], properties: Sequence[str]) -> dict[str, Stratum]:
    """Stratum of each subject: a value for each of ``properties``, which are columns of the sheet.

    "age:3" stands for the tertile of the subjects' mean age (0, 1, 2; -1 where no number is known).
    """
    by_subject = defaultdict(list)
    for row in rows:
        by_subject[row["subject"]].append(row)
    columns = []
    for name in properties:
        column, _, parts = name.partition(":")
        values = [[row[column] for row in group if row.get(column)] for group in by_subject.values()]
        columns.append(
            _quantiles(values, int(parts)) if parts else [value[0] if value else "" for value in values]
        )
    return dict(zip(by_subject, zip(*columns, strict=True), strict=True))


def _quantiles(values: Sequence[Sequence[str]], parts: int) -> list[int]:
    means = np.array([np.mean([float(v) for v in value]) if value else np.nan for value in values])
    if np.isnan(means).all():
        return [-1] * len(means)
    edges = np.nanquantile(means, np.arange(1, parts) / parts)
    return [-1 if np.isnan(mean) else int(np.searchsorted(edges, mean)) for mean in means]


def draw(pool: Sequence[str], count: int, strata: Strata, rng: np.random.Generator) -> list[str]:
    """``count`` of the subjects in ``pool``, sorted: a systematic sample over the ``strata`` (see the module's text)."""
    if count == 0:
        return []
    order = sorted(zip([strata[s] for s in pool], rng.permutation(len(pool)).tolist(), pool, strict=True))
    start = int(rng.integers(len(pool)))
    return sorted(order[(i * len(pool) + start) // count][2] for i in range(count))


def healthy(
    subjects: Sequence[str],
    strata: Strata,
    folds: int,
    sizes: tuple[float, float, float | None],
    seed: int,
    name: str,
) -> list[Deal]:
    """Sets of each fold: {"train", "val", "test"} -> subjects. ``sizes``: test, val, train.

    The validation sets of the folds are disjoint while there are subjects left for it. Where ``train`` is a count, the folds
    share the val + train subjects that they deal, so that the others are left over in all of them. Raises SplitError.
    """
    total = len(subjects)
    test, val = size(sizes[0], total, "splits.test"), size(sizes[1], total, "splits.val")
    train = total - test - val if sizes[2] is None else size(sizes[2], total, "splits.train")
    if min(test, val, train) < 1 or test + val + train > total:
        need = f"{test} test + {val} validation + {train} training subjects"
        cause = f"its sheet has {total} subjects, and each set needs at least 1"
        raise SplitError(
            f"The split of {name!r} cannot be made: {need}.",
            cause=cause,
            fix="change splits.test, .val or .train",
        )
    tested = draw(subjects, test, strata, _rng(seed, name, "test"))
    pool = _without(subjects, tested)
    shared = draw(pool, val + train, strata, _rng(seed, name, "shared"))
    rngs = [_rng(seed, name, "fold", fold) for fold in range(folds)]
    deals = []
    for held, rng in zip(_turns(shared, _without(pool, shared), val, strata, rngs), rngs, strict=True):
        trained = draw(_without(shared, held), train, strata, rng)
        deals.append({"train": trained, "val": sorted(held), "test": tested})
    return deals


def _turns(
    first: Sequence[str], later: Sequence[str], val: int, strata: Strata, rngs: Sequence[np.random.Generator]
) -> Iterator[list[str]]:
    """``val`` subjects for each of ``rngs``, other ones each time while there are any: of ``first``, then of ``later``."""
    pool, decks = [*first, *later], [list(first), list(later)]
    for rng in rngs:
        held: list[str] = []
        while len(held) < val:
            if not any(decks):
                decks = [_without(pool, held), list(held)]
            n = next(n for n, deck in enumerate(decks) if deck)
            drawn = draw(decks[n], min(val - len(held), len(decks[n])), strata, rng)
            held, decks[n] = held + drawn, _without(decks[n], drawn)
        yield held


def annotated_sets(
    subjects: Sequence[str], strata: Strata, sizes: tuple[float, float], seed: int, name: str, turns: int = 1
) -> list[Deal]:
    """{"train", "val", "test"} -> subjects, ``turns`` times: train and val are the annotated subset, of which other subjects validate in each.

    ``sizes``: annotated, annotated_val. With 0 annotated subjects all are tested. Raises SplitError.
    """
    total = len(subjects)
    subset = size(sizes[0], total, f"datasets.{name}.annotated")
    val = size(sizes[1], subset, f"datasets.{name}.annotated_val") if subset else 0
    if subset and not (1 <= val < subset < total):
        need = f"{subset - val} training + {val} validation subjects, {total - subset} test subjects"
        cause = f"its sheet has {total} subjects, and each set needs at least 1"
        fix = f"change datasets.{name}.annotated (0: test only) or .annotated_val"
        raise SplitError(f"The split of {name!r} cannot be made: {need}.", cause=cause, fix=fix)
    chosen = draw(subjects, subset, strata, _rng(seed, name, "annotated"))
    tested, first = _without(subjects, chosen), _rng(seed, name, "val")
    rngs = [first, *(_rng(seed, name, "val", turn) for turn in range(1, turns))]
    return [
        {"train": _without(chosen, held), "val": sorted(held), "test": tested}
        for held in _turns(chosen, [], val, strata, rngs)
    ]


def _without(pool: Sequence[str], taken: Sequence[str]) -> list[str]:
    gone = set(taken)
    return [subject for subject in pool if subject not in gone]


def _rng(seed: int, *parts: str | int) -> np.random.Generator:
    return np.random.default_rng(seeds.seed(seed, "splits", *parts))
