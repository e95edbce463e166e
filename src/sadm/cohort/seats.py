"""Who takes the seat of a subject whose scans did not pass their checks.

A seat is what a subject is in each fold: ("train", "val", "train"), or ("", "", "") for one that is left over. Sets are dealt
before the checks. A lost seat goes, as a whole, to the first that passed of those who may be moved: whoever is in no set of
any fold, or, where one set takes all that are left, whoever is only in that one. So nobody else changes sides, sizes stay
while there is somebody left, and who was tested in one fold trains in none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

Seat = tuple[str, ...]
Stratum = tuple[str | int, ...]
URGENT = ("test", "val", "train")  # whose seats are filled first where few are left


def seats(deals: Sequence[Mapping[str, Iterable[str]]], subjects: Iterable[str]) -> dict[str, Seat]:
    """The seat of each of ``subjects`` in ``deals``, one a fold: {"train", "val", "test"} -> subjects."""
    chosen = [{subject: part for part, members in deal.items() for subject in members} for deal in deals]
    return {subject: tuple(fold.get(subject, "") for fold in chosen) for subject in subjects}


def replacements(
    held: Mapping[str, Seat],
    movable: Seat,
    passed: Collection[str],
    strata: Mapping[str, Stratum],
    order: Sequence[str],
) -> dict[str, str]:
    """Who takes each lost seat: {subject that did not pass: one that did, "" if nobody is left}.

    ``held``: the seats as dealt; ``movable``: the seat of those who may be moved; ``order``: all subjects, in the order in which
    they are asked, those first whose ``strata`` begin like those of the subject that is replaced. The set that takes all that
    are left keeps one member.
    """
    left = [subject for subject in order if held[subject] == movable and subject in passed]
    free = left[:-1] if any(movable) else left
    found = {}
    for subject in lost(held, movable, passed):
        taken = min(free, key=lambda other: -alike(strata[subject], strata[other]), default="")
        found[subject] = taken
        free = [other for other in free if other != taken]
    return found


def lost(held: Mapping[str, Seat], movable: Seat, passed: Collection[str]) -> list[str]:
    """The subjects that did not pass and whose seats are to be filled, the most urgent first."""
    gone = [
        subject for subject, seat in held.items() if subject not in passed and any(seat) and seat != movable
    ]
    return sorted(
        gone, key=lambda subject: (min(URGENT.index(part) for part in held[subject] if part), subject)
    )


def alike(one: Stratum, other: Stratum) -> int:
    """How many properties two strata share from the first on."""
    return next((n for n, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]), len(one))


def filled(held: Mapping[str, Seat], passed: Collection[str], taken: Mapping[str, str]) -> dict[str, Seat]:
    """The seats of the subjects that passed, of whom those in ``taken`` (see `replacements`) have the lost ones."""
    moved = {other: held[subject] for subject, other in taken.items() if other}
    return {subject: moved.get(subject, seat) for subject, seat in held.items() if subject in passed}
