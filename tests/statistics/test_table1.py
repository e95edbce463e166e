"""Covers sadm.statistics.table1, sadm.statistics.means, sadm.statistics.marks, sadm.statistics.notes, sadm.statistics.printed.

Table 1: means and deviations recomputed by hand, what is left out is named, equal input gives equal bytes."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sadm.runtime.errors import DataError
from sadm.statistics.marks import least_note, marks
from sadm.statistics.notes import material_notes
from sadm.statistics.table1 import table
from sadm.study.layout import Layout

STUDY: dict[str, Any] = {
    "name": "tiny", "protocol": "paper", "seed": 3,
    "grid": {"shape": [192, 192, 160], "spacing": 1.0, "downsample": 2, "crop": 15},
    "score": {"ssim_sigma": 1.0, "median": 5, "beta": 0.5, "search": "exact", "empty": "exclude"},
    "statistics": {"shown": "deviation"},
}  # fmt: skip
MODELS = {"cddpm": ["ixi", 7, 1], "unet-les": ["les", 5, 4]}
DICE = {
    ("cDDPM", 0): [0.2, 0.4], ("cDDPM", 1): [0.4, 0.4], ("SADM_x-LES", 0): [0.6, 0.6], ("SADM_x-LES", 1): [0.7, 0.9],
    ("random", 0): [0.1, 0.7], ("random", 1): [0.3, 0.3],
}  # fmt: skip


HEAD = "row\tfold\tseed\ttestset\tscan\tdice\tauprc\tthreshold\tlesion_voxels\tempty\thealthy\tbrain_voxels\n"


def layout(folds: int = 2) -> dict[str, Any]:
    titles = {"ixi": "IXI", "les": "Les_ions", "draem": "DRAEM"}
    rows = {"cDDPM": ["ixi"], "SADM_x-LES": ["ixi", "les"]}
    names = {"rows": rows, "trivial": ["random"], "testsets": ["les", "draem"], "healthy": "ixi"}
    return names | {"titles": titles, "folds": folds, "marks": {"cDDPM": "random features"}}


def write(folder: Path, folds: int = 2) -> list[Path]:
    """Scores of two scans a test set and, on "les", a third with an empty label; auprc is half of dice."""
    files = []
    for row, fold, testset in product(("cDDPM", "SADM_x-LES", "random"), range(folds), ("les", "draem")):
        lines = [[f"s{k}", d, d / 2, 0.5, 9, 0, 0, 91] for k, d in enumerate(DICE[row, fold])]
        lines += [["s9", "nan", "nan", "nan", 0, 1, 0, 91]] if testset == "les" else []
        files.append(folder / f"{row}_{fold}_{testset}.tsv")
        told = [[row, fold, 1, testset, *line] for line in lines]
        files[-1].write_text(HEAD + "".join("\t".join(map(str, line)) + "\n" for line in told))
    return files


def splits(folder: Path) -> list[Path]:
    """Splits with 30 healthy and 2 annotated training scans in fold 0, and others elsewhere."""
    found = []
    for name, count in (("ixi", 30), ("les", 2)):
        rows = [f"a{k}\t0\ttrain" for k in range(count)] + ["b\t0\tval", "c\t1\ttrain", "d\t0\ttest"]
        found.append(folder / f"splits_{name}.tsv")
        text = "".join(f"{name}\t{row}\n" for row in rows)
        found[-1].write_text("dataset\tscan\tfold\tset\n" + text)
    return found


def test_training_is_told_beside_the_papers_and_marks_beside_the_names(tmp_path: Path):
    out = run(tmp_path, write(tmp_path))
    text = out["md"].read_text()
    assert "cddpm 210 (7 epochs of 30), unet-les 40 (5 epochs of 8). The paper: about 570,000" in text
    assert "| cDDPM (random features) | IXI |" in text
    assert "Random features, not ImageNet's: cDDPM." in text
    assert "cDDPM (random features)" in out["tex"].read_text()
    assert list(pd.read_csv(out["csv"])["row"]) == ["cDDPM", "SADM_x-LES", "random"]


def statistics(folder: Path) -> list[Path]:
    """Summary and claims as the statistics leave them: cDDPM not above the trivial score, SADM_x above cDDPM."""
    summary = ["row\ttestset\tmetric\tci_low\tci_high\tsubjects"]
    claims = [
        "testset\tclaim\trow\tagainst\tmetric\tdifference\tci_low\tci_high\tp_holm\tp_least\tfamily\tsubjects"
    ]
    for testset, metric in product(("les", "draem"), ("dice", "auprc")):
        summary += [f"{row}\t{testset}\t{metric}\t0.1\t0.9\t8" for row in ("cDDPM", "SADM_x-LES", "random")]
        claims.append(f"{testset}\tpaper\tSADM_x-LES\tcDDPM\t{metric}\t0.35\t0.2\t0.5\t0.008\t0.008\t1\t8")
        claims.append(f"{testset}\ttrivial\tcDDPM\trandom\t{metric}\t0.01\t-0.2\t0.22\t0.9\t0.016\t2\t8")
        claims.append(f"{testset}\ttrivial\tSADM_x-LES\trandom\t{metric}\t0.35\t0.2\t0.5\t0.016\t0.016\t2\t8")
    found = [folder / "summary.tsv", folder / "claims.tsv"]
    for path, lines in zip(found, (summary, claims), strict=True):
        path.write_text("\n".join(lines) + "\n")
    return found


def run(
    folder: Path, files: list[Path], folds: int = 2, shown: str = "deviation", counted: str = "exclude"
) -> dict[str, Path]:
    excluded = [folder / "excluded.tsv", folder / "none.tsv"]
    excluded[0].write_text("dataset\tscan\treasons\nles\tsub-bad\tbrain volume 2100 ml\n")
    excluded[1].write_text("dataset\tscan\treasons\n")
    out = {kind: folder / "out" / f"table1.{kind}" for kind in ("csv", "md", "tex")}
    kept = folder / "scans.tsv"
    kept.write_text("dataset\tscan\tunusual\nles\tsub-odd\tthe brain has 880 ml\nixi\tsub-1\t\n")
    read = (files, excluded, [kept], splits(folder), *statistics(folder))
    study = STUDY | {"statistics": {"shown": shown}, "score": STUDY["score"] | {"empty": counted}}
    table(*read, ["ixi", "les"], layout(folds), study, MODELS, **out)
    return out


def test_csv_has_the_means_over_folds_of_the_means_over_volumes(tmp_path: Path):
    found = pd.read_csv(run(tmp_path, write(tmp_path))["csv"])
    stats = [f"{t}_{m}_{s}" for t, m, s in product(("les", "draem"), ("dice", "auprc"), ("mean", "std"))]
    assert list(found)[: 2 + len(stats)] == ["row", "kind", *stats], "new columns are behind"
    assert list(found["row"]) == ["cDDPM", "SADM_x-LES", "random"]
    assert list(found["kind"]) == ["method", "method", "trivial"]
    for _, line in found.iterrows():
        folds = 100 * np.array([np.mean(DICE[line["row"], k]) for k in range(2)])
        for testset in ("les", "draem"):
            assert line[f"{testset}_dice_mean"] == pytest.approx(folds.mean(), abs=1e-12)
            assert line[f"{testset}_dice_std"] == pytest.approx(folds.std(ddof=1), abs=1e-12)
            assert line[f"{testset}_auprc_mean"] == pytest.approx(folds.mean() / 2, abs=1e-12)


def test_one_fold_has_no_deviation(tmp_path: Path):
    out = run(tmp_path, write(tmp_path, folds=1), folds=1)
    line = out["csv"].read_text().splitlines()[1]
    assert line.split(",")[:4] == ["cDDPM", "method", "30.000000000000004", ""]
    assert "±" not in out["md"].read_text()


def test_text_tables_name_the_training_data_and_embolden_the_best_method(tmp_path: Path):
    out = run(tmp_path, write(tmp_path))
    lines = out["md"].read_text().splitlines()
    assert lines[0].startswith(
        "| Method | Healthy training data | Unhealthy training data | Les_ions (n = 8) DICE | Les_ions (n = 8) AUPRC |"
    )
    assert lines[2].startswith("| cDDPM (random features) | IXI | None | 35.00 ± 7.07 ▽ |")
    assert lines[3].startswith("| SADM_x | IXI | Les_ions | **70.00 ± 14.14** † |")
    assert lines[4].startswith("| *trivial scores* |")
    assert lines[5].startswith("| *random* | None | None | 35.00 ± 7.07 |")
    tex = out["tex"].read_text()
    assert r"SADM\_x & IXI & Les\_ions & \textbf{70.00 $\pm$ 14.14} $\dagger$" in tex
    for line in re.findall(r"^(.*) \\\\$", tex.partition("Paired")[0], flags=re.MULTILINE):
        wide = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d)\}", line))
        assert line.count(" & ") + 1 + wide == 7, line
    assert tex.index(r"\emph{trivial scores}") < tex.index("random & None")


def test_notes_name_what_is_left_out_and_what_is_not_better_than_trivial(tmp_path: Path):
    text = run(tmp_path, write(tmp_path))["md"].read_text()
    assert "Les_ions: mean over 2 test volumes; left out, label empty after resampling: 1: s9." in text
    assert "DRAEM: mean over 2 test volumes; left out, label empty after resampling: 0." in text
    assert "Excluded from Les_ions by preprocessing: 1: sub-bad (brain volume 2100 ml)." in text
    assert "Excluded from IXI by preprocessing: 0." in text
    assert "▽ not shown to be above the best trivial score (by DICE Les_ions random; DRAEM random)" in text
    least = "Smallest p that Holm's correction of 1 claims can give with these subjects: Les_ions 0.008, DRAEM 0.008."
    assert least in text
    assert "Fewer than 15 test subjects, so that means and intervals are rough: Les_ions 8, DRAEM 8." in text
    assert "Trainings of each model in a fold: one, which supports no claim about a method" in text
    chance = 200 * (9 / 91) / (1 + 9 / 91)
    assert f"DICE 2π / (1 + π): Les_ions {chance:.2f}, DRAEM {chance:.2f}; AUPRC π: Les_ions 9.89" in text
    assert "Grid 96 x 96 x 50 voxels of 2 mm" in text
    assert "threshold is chosen on the volume's own label" in text


@pytest.mark.parametrize("counted", ["exclude", "zero"])
def test_a_healthy_volume_counts_for_no_dice_and_is_named(tmp_path: Path, counted: str):
    files = write(tmp_path)
    before = pd.read_csv(run(tmp_path, files)["csv"])
    for file in files:
        file.write_text(file.read_text().replace("\t0\t1\t0\t91\n", "\t0\t1\t1\t91\n"))
    out = run(tmp_path, files, counted=counted)
    text = out["md"].read_text()
    assert "without a label, counted as healthy, for false alarms alone: 1: s9." in text
    assert "Les_ions: mean over 2 test volumes" in text
    pd.testing.assert_frame_equal(pd.read_csv(out["csv"]), before)


def test_equal_input_in_any_order_gives_equal_bytes(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (
        run(tmp_path / "a", write(tmp_path / "a")),
        run(tmp_path / "b", write(tmp_path / "b")[::-1]),
    )
    for kind, path in first.items():
        assert path.read_bytes() == second[kind].read_bytes()


def test_rows_measured_on_other_scans_are_an_error(tmp_path: Path):
    files = write(tmp_path)
    files[4].write_text(files[4].read_text().replace("s1", "s7"))
    with pytest.raises(DataError, match="measured on different scans"):
        run(tmp_path, files)


def test_a_test_set_without_any_label_stays_blank(tmp_path: Path):
    files = write(tmp_path)
    for file in files[1::2]:
        row, fold, _ = file.stem.rsplit("_", 2)
        file.write_text(f"{HEAD}{row}\t{fold}\t1\tdraem\ts0\tnan\tnan\tnan\t0\t1\t0\t91\n")
    out = run(tmp_path, files)
    assert pd.read_csv(out["csv"])["draem_dice_mean"].isna().all()
    assert (
        "DRAEM: mean over 0 test volumes; left out, label empty after resampling: 1: s0."
        in out["md"].read_text()
    )


def test_intervals_stand_beside_the_means_if_the_study_says_so(tmp_path: Path):
    out = run(tmp_path, write(tmp_path), shown="interval")
    text = out["md"].read_text()
    assert "| SADM_x | IXI | Les_ions | **70.00 [10.0, 90.0]** † |" in text
    assert "In brackets: 95 % interval over subjects" in text
    assert "±:" not in text


def test_paired_differences_of_the_claims_stand_below(tmp_path: Path):
    out = run(tmp_path, write(tmp_path))
    text = out["md"].read_text()
    assert "| SADM_x-LES − cDDPM | +35.0 [20.0, 50.0] |" in text
    assert "| cDDPM − best trivial score | +1.0 [−20.0, 22.0] |" in text
    assert r"SADM\_x-LES $-$ cDDPM & +35.0 [20.0, 50.0] &" in out["tex"].read_text()
    line = pd.read_csv(out["csv"]).set_index("row").loc["cDDPM"]
    assert (line["les_dice_above_trivial"], line["les_dice_above_trivial_low"]) == pytest.approx((1, -20))
    assert (line["les_dice_subjects"], line["les_dice_marks"]) == (8, "▽")


def test_no_mark_of_a_test_where_nothing_can_be_rejected() -> None:
    line = {
        "testset": "les",
        "metric": "dice",
        "claim": "paper",
        "row": "SADM_res-LES",
        "against": "Unet_res-LES",
        "difference": "0.2",
    }
    assert marks([line | {"p_holm": "0.049"}], "les", "dice") == {"SADM_res-LES": "‡"}
    assert marks([line | {"p_holm": "0.05"}], "les", "dice") == {}
    assert marks([line | {"p_holm": "0.01", "difference": "-0.2"}], "les", "dice") == {}
    assert marks([line | {"claim": "trivial", "ci_low": ""}], "les", "dice") == {"SADM_res-LES": "▽"}, (
        "of one subject"
    )
    assert marks([line | {"claim": "trivial", "difference": "", "ci_low": ""}], "les", "dice") == {}
    assert marks([line | {"claim": "trivial", "ci_low": "0.01"}], "les", "dice") == {}
    least = [line | {"p_least": "0.75", "family": "6"}]
    assert least_note(least, {"les": "LES"}).endswith("LES 0.75 (no mark is possible).")
    assert least_note([], {}) == ""


def test_what_is_no_patient_and_what_meets_its_own_generator_is_said() -> None:
    rows = {"PII": ["ixi"], "Unet-DRAEM": ["draem"]}
    shown = Layout(
        rows,
        [],
        ["draem"],
        1,
        "ixi",
        {"ixi": "IXI", "draem": "DRAEM"},
        painted=["ixi"],
        synthetic={"PII": "PII"},
    )
    text = " ".join(material_notes(shown))
    for said in (
        "Not of patients: the scans of IXI",
        "meet the generator that they were trained with: Unet-DRAEM",
        "PII is trained on synthetic",
    ):
        assert said in text
