"""The demo's trained networks on real scans: trained on synthetic heads only, tested on real ones prepared on the demo's grid.

    python benchmarks/transfer.py [--config FILE ...]     a markdown table (docs/demo.md says how the real scans get into results/)

To be run where a demo has finished, with the packed data sets brats, ixi and atlas beside its own. Test sets: all scans of
brats and atlas, and synthetic anomalies painted on ixi by the demo's recipe. Scores: best Dice / AUPRC a volume, mean over volumes
and folds. Trivial scores know the demo's healthy heads only, as the networks do.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from sadm.anomalies.draem import Draem
from sadm.cohort.packed import Packed, Part, load_packed, members
from sadm.cohort.synthesise import paint
from sadm.evaluation import metrics
from sadm.evaluation.volumes import TableRow
from sadm.prediction.maps import by_origin
from sadm.prediction.predict import predict
from sadm.prediction.reconstruct import reconstruct
from sadm.prediction.trivial import trivial
from sadm.study.loader import raw_config
from sadm.study.runs import training_seed
from sadm.study.study import Study

REAL = {"brats": "BRATS", "ixi": "anomalies on IXI", "atlas": "ATLAS"}
Scores = dict[tuple[str, str], list[tuple[float, float]]]  # of a row on a set


def painted(data: Packed, study: Study) -> Packed:
    """The healthy ``data`` with a synthetic anomaly on every slice, by the study's recipe."""
    painter = Draem(data.t1.shape[2:], **study.painter)
    made = [paint(data, i, painter, study.seed) for i in range(len(data.scans))]
    t1, lesion = (np.stack(each) for each in zip(*made))
    return replace(data, t1=t1, lesion=lesion)


def real_sets(results: Path, study: Study) -> dict[str, Part]:
    """All real scans that are there, by set."""
    found = {}
    for name in REAL:
        folder = results / "packed" / name
        if folder.exists():
            data = load_packed(folder)
            data = painted(data, study) if name == "ixi" else data
            found[name] = Part(name, "test", data, np.arange(len(data.scans)))
    return found


def maps(study: Study, results: Path, sets: dict[str, Part], fold: int, place: Path) -> list[Path]:
    """Files with the maps of all ``sets`` by all models and trivial scores of ``fold``, below ``place``."""

    def files(kind: str, model: str) -> dict[str, Path]:
        return {name: place / kind / model / f"{name}.safetensors" for name in sets}

    def weights(model: str) -> Path:
        return results / "models" / model / f"fold{fold}" / "weights.safetensors"

    training = study.section("training")
    common = {"fold": fold, "seed": 1, "sets": sets, "device": training["device"], "amp": training["amp"]}
    scoring = {"sigma": study.section("score")["ssim_sigma"], "median": study.section("score")["median"]}
    made, written = list[Path](), list[Path]()
    for model in sorted({name for each in study.models if (name := study.reconstructor(each))}):
        out = files("reconstructions", model)
        own = {"training_seed": training_seed(study.seed, ""), "scored_with": study.scored_with(model)}
        reconstruct(model=model, weights=weights(model), out=out, **own, **common)
        made += out.values()
    for model in {name for row in study.rows.values() for name in row}:
        out = files("maps", model)
        own = {"weights": weights(model), "reconstructor": study.reconstructor(model)}
        predict(model=model, reconstructions=made, out=out, **own, **scoring, **common)
        written += out.values()
    healthy = load_packed(results / "packed" / study.healthy)
    trained = members(healthy, results / "splits" / f"{study.healthy}.tsv", fold, "train")
    simple = {
        f"{score}/{name}": path for score in study.trivial for name, path in files("maps", score).items()
    }
    trivial(Part(study.healthy, "train", healthy, trained), sets, fold, study.seed, *scoring.values(), simple)
    return [*written, *simple.values()]


def scores(study: Study, sets: dict[str, Part], fold: int, written: Iterable[Path]) -> Scores:
    """Best Dice and AUPRC of each row on each volume of the ``sets``."""
    found, stored = Scores(), by_origin(written)
    for name in [*study.rows, *study.trivial]:
        row = TableRow(name, study.maps_of(name), fold, 1, study.beta(name))
        for key, part in sets.items():
            curves = [metrics.curve(v.score, v.label, v.outside) for v in row.scored(part, stored)]
            found[name, key] = [(metrics.best_dice(each)[0], metrics.auprc(each)) for each in curves]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", nargs="+", type=Path, default=[Path("config.yaml")])
    given = parser.parse_args()
    study, results = Study.from_config(raw_config(given.config)), Path("results")
    sets, total = real_sets(results, study), defaultdict[tuple[str, str], list[tuple[float, float]]](list)
    for fold in range(study.folds):
        with tempfile.TemporaryDirectory() as place:
            written = maps(study, results, sets, fold, Path(place))
            for key, values in scores(study, sets, fold, written).items():
                total[key] += values
    print("| row | " + " | ".join(f"{REAL[key]} ({len(part.scans)})" for key, part in sets.items()) + " |")
    print("| --- " * (1 + len(sets)) + "|")
    for name in [*study.rows, *study.trivial]:
        means = [np.mean(total[name, key], axis=0) for key in sets]
        print(f"| {name} | " + " | ".join(f"{dice:.3f} / {area:.3f}" for dice, area in means) + " |")


if __name__ == "__main__":
    main()
