"""The rows, test sets, folds and seeds of a study, as its tables show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sadm.study.checks import DRAEM
from sadm.study.runs import Run, runs

if TYPE_CHECKING:
    from sadm.study.study import Study

RANDOM = "random features"  # the mark of a row whose feature extractor was not trained on ImageNet


@dataclass(frozen=True)
class Layout:
    """What the table shows.

    ``rows``: {row: names of the training sets of its models, the models that they need included}; ``trivial``: names of the
    trivial scores; ``titles``: printed names of data sets, training sets and test sets; ``healthy``: the healthy data set;
    ``marks``: {row: what its method lacks, printed beside its name}; ``seeds``: how many times each model was trained in a fold;
    ``painted``: data sets whose scans are no patients'; ``synthetic``: {row: name of the anomalies that its method makes itself};
    ``rotates``: whether folds have other annotated validation scans, else the same.
    """

    rows: Mapping[str, Sequence[str]]
    trivial: Sequence[str]
    testsets: Sequence[str]
    folds: int
    healthy: str
    titles: Mapping[str, str]
    marks: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 1
    painted: Sequence[str] = ()
    synthetic: Mapping[str, str] = field(default_factory=dict)
    rotates: bool = False

    @classmethod
    def of(cls, study: "Study") -> "Layout":
        """The layout of a study that has rows."""
        learnt = {
            row: [m for model in each for m in (model, *study.needs(model))]
            for row, each in study.rows.items()
        }
        random = [
            row
            for row, each in study.rows.items()
            if study.random_features and any(map(study.imagenet, each))
        ]
        return cls(
            rows={row: sorted(set(map(study.trained_on, models))) for row, models in learnt.items()},
            trivial=study.trivial,
            testsets=study.testsets,
            folds=study.folds,
            healthy=study.healthy,
            titles={name: dataset["title"] for name, dataset in study.datasets.items()} | {DRAEM: "DRAEM"},
            marks=dict.fromkeys(random, RANDOM),
            seeds=study.section("training")["seeds"],
            rotates=study.section("splits")["annotated_folds"] == "rotate",
            painted=[name for name in study.datasets if study.importer(name).get("PAINTED", False)],
            synthetic={
                row: own for row, models in study.rows.items() for own in [_synthetic(study, models)] if own
            },
        )

    @property
    def all_rows(self) -> list[str]:
        """Rows, then trivial scores, in the order of the table."""
        return [*self.rows, *self.trivial]

    @property
    def runs(self) -> list[Run]:
        """Row, fold and number of the seed of all that was measured, in the order of the tables."""
        return runs(list(self.rows), self.trivial, self.folds, self.seeds)

    def unhealthy(self, row: str) -> str:
        """Name of the training set with anomalies of a row, or of those that its method makes itself; "" if none."""
        named = (name for name in self.rows.get(row, ()) if name != self.healthy)
        return next(named, self.synthetic.get(row, ""))

    def heads(self, row: str) -> list[str]:
        """The first three cells of a row: method, healthy and unhealthy training data."""
        unhealthy = self.unhealthy(row)
        method, _, suffix = row.rpartition("-")
        method = method if method and suffix.lower() == unhealthy.lower() else row
        method += f" ({self.marks[row]})" if row in self.marks else ""
        healthy = self.healthy in self.rows.get(row, ()) or (row in self.trivial and row.startswith("mean-"))
        return [
            method,
            self.titles[self.healthy] if healthy else "None",
            self.titles.get(unhealthy, unhealthy or "None"),
        ]


def _synthetic(study: "Study", models: Sequence[str]) -> str:
    """Name of the synthetic anomalies that one of a row's methods makes itself, "" if none does."""
    return next((said for model in models if (said := study.declares(model).synthetic)), "")
