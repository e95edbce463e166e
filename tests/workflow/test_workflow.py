"""Covers all rules: the smallest study runs from raw heads to table, and no setting of the user's changes it."""

import csv
import re
from pathlib import Path

from command import ROOT
from plans import planned


def test_raw_heads_become_a_table(ran) -> None:  # type: ignore[no-untyped-def]
    with open(ran.folder / "results/table1.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["kind"] for row in rows].count("method") == 22
    assert [row["kind"] for row in rows].count("trivial") == 5
    for row in rows:
        for testset in ("tumour", "stroke", "draem"):
            assert 0 <= float(row[f"{testset}_dice_mean"]) <= 100
            assert 0 <= float(row[f"{testset}_auprc_mean"]) <= 100


def test_outputs_are_where_the_readme_says(ran) -> None:  # type: ignore[no-untyped-def]
    page = (ROOT / "results/README.md").read_text().partition("\n## ")[0]
    said = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    assert said
    for path in said:
        assert list(Path(ran.folder, "results").glob(re.sub(r"\{\w+\}", "*", path))), path


def test_a_second_run_has_nothing_to_do(ran) -> None:  # type: ignore[no-untyped-def]
    done = ran("--dry-run")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_further_seed_trains_each_model_once_more_and_no_other_again(ran) -> None:  # type: ignore[no-untyped-def]
    plan = ran("--dry-run", overlay={"training": {"seeds": 2}}).stdout
    trained = re.findall(r"results/models/([^/]+)/fold0(\w*)/weights", plan)
    assert {seed for _, seed in trained} == {"_seed2"}
    assert planned(plan)["train"] == len({model for model, _ in trained})
    assert planned(plan)["evaluate"] == 22, "trivial scores learn nothing"


def test_a_slip_in_the_config_stops_before_the_dag(workflow) -> None:  # type: ignore[no-untyped-def]
    done = workflow("--dry-run", overlay={"sed": 1}, conda=False)
    assert done.returncode != 0
    assert "did you mean 'seed'" in done.stdout + done.stderr


def test_settings_of_the_users_change_nothing(ran, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    clone, rc = tmp_path / "clone" / "sadm", tmp_path / "matplotlibrc"
    clone.mkdir(parents=True)
    (clone / "__init__.py").write_text("raise ImportError('the code of another clone')")
    rc.write_text("font.size: 30\nlines.linewidth: 9\n")
    made = [ran.folder / "results" / name for name in ("audit.tsv", "figures/training.png", "table1.csv")]
    before = [path.read_bytes() for path in made]
    variables = {
        "PYTHONPATH": str(clone.parent),
        "MATPLOTLIBRC": str(rc),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "7",
        "LC_ALL": "C",
        "LANG": "de_DE.ISO-8859-1",
    }
    done = ran("--forcerun", "audit", "charts", "--until", "audit", "charts", variables=variables)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "audit" in done.stdout + done.stderr
    assert [path.read_bytes() for path in made] == before
