"""The runs of a study: each model is trained in each fold, with one seed or more (`training.seeds`).

The files of the first seed are those of a study with one seed, so that a further seed reruns nothing.
"""

from collections.abc import Sequence

from sadm.runtime import seeds

Run = tuple[str, int, int]  # row, fold, number of the seed from 1


def tag(seed: int) -> str:
    """What the seed of number ``seed`` adds to the name of a fold's folder: "" for the first, "_seed2" for the second."""
    return "" if seed == 1 else f"_seed{seed}"


def number(tagged: str) -> int:
    """The number of the seed whose `tag` is ``tagged``."""
    return int(tagged.removeprefix("_seed") or 1)


def seed_number(tagged: str) -> int:
    """The number of the seed that `tag` was made of."""
    return int(tagged.removeprefix("_seed") or 1)


def tags(count: int) -> list[str]:
    """The tags of ``count`` seeds."""
    return [tag(each) for each in range(1, count + 1)]


def training_seed(study_seed: int, tagged: str) -> int:
    """Seed of what a model draws: the study's for the first seed, one made of it for each other."""
    return seeds.seed(study_seed, "training", tagged) if tagged else study_seed


def runs(rows: Sequence[str], trivial: Sequence[str], folds: int, count: int) -> list[Run]:
    """All that is measured, in the order of the tables; the ``trivial`` scores learn nothing and have one run a fold."""
    trained = [(row, fold, number) for row in rows for fold in range(folds) for number in range(1, count + 1)]
    return trained + [(row, fold, 1) for row in trivial for fold in range(folds)]
