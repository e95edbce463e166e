"""What is drawn of a study, and what the report shows: which maps, which groups of rows, which figures."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sadm.study.checks import DRAEM
from sadm.study.layout import Layout

if TYPE_CHECKING:
    from sadm.study.study import Study


@dataclass(frozen=True)
class Drawn:
    """What is drawn of ``study``, which has rows."""

    study: "Study"

    @property
    def layout(self) -> Layout:
        """The layout of what is drawn: of each model the first seed."""
        return replace(self.study.layout, seeds=1)

    @cached_property
    def rows(self) -> dict[str, list[str]]:
        """Rows and trivial scores, with the models whose maps each adds."""
        return {row: list(self.study.maps_of(row)) for row in self.study.layout.all_rows}

    @property
    def models(self) -> list[str]:
        """All models that have a map, trivial scores among them."""
        return list(dict.fromkeys(model for models in self.rows.values() for model in models))

    @cached_property
    def reconstructors(self) -> dict[str, list[str]]:
        """For each row the models whose reconstructions it scores with."""
        found = {row: map(self.study.reconstructor, models) for row, models in self.study.rows.items()}
        return {row: list(dict.fromkeys(model for model in each if model)) for row, each in found.items()}

    @property
    def reconstructing(self) -> list[str]:
        """All models whose reconstructions are drawn."""
        return list(dict.fromkeys(model for models in self.reconstructors.values() for model in models))

    @property
    def groups(self) -> dict[str, list[str]]:
        """Rows and trivial scores by what they learnt from, a panel each: {printed title: rows}."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            found.setdefault(self._learnt(row), []).append(row)
        return found

    def _learnt(self, row: str) -> str:
        if row in self.study.trivial:
            return "trivial"
        layout = self.study.layout
        unhealthy = sorted({*map(self.study.trained_on, self.study.rows[row])} - {layout.healthy})
        return f"trained on {layout.titles[unhealthy[0]]}" if unhealthy else "healthy scans"

    @property
    def pictures(self) -> list[str]:
        """Names of the pictures: two a test set, and the synthetic anomalies if they are one."""
        names = [f"{testset}_{kind}" for testset in self.study.testsets for kind in ("cases", "methods")]
        return names + ["anomalies"] * (DRAEM in self.study.testsets)

    @property
    def charts(self) -> list[str]:
        """Names of the charts; Dice against beta needs a row of two maps."""
        fused = any(len(models) == 2 for models in self.study.rows.values())
        return ["beta"] * fused + ["precision_recall", "lesion_volume", "training"]

    @property
    def numbers(self) -> list[str]:
        """The charts whose numbers are written beside them: the training curves are in files of their own."""
        return [name for name in self.charts if name != "training"]

    @property
    def about(self) -> dict[str, Any]:
        """What the jobs that draw are told beside the layout."""
        return {
            "rows": self.rows,
            "reconstructors": self.reconstructors,
            "shown": self.study.shown,
            "sources": self.study.sources,
            "beta": self.study.section("score")["beta"],
        }
