"""How a run ends: the table in short, where the report is, what to do next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sadm.commands.main import COMMANDS
from sadm.commands.run import ending, short

ROWS = [
    {"row": "cDDPM", "kind": "method", "tumour_dice_mean": "41.26", "stroke_dice_mean": "39.4"},
    {"row": "SADM", "kind": "method", "tumour_dice_mean": "40.1", "stroke_dice_mean": "44.04"},
    {"row": "mean-ssim", "kind": "trivial", "tumour_dice_mean": "50", "stroke_dice_mean": ""},
]
MADE = """row,kind,tumour_dice_mean,tumour_auprc_mean
cDDPM,method,41.26,30
"""


def test_the_best_row_of_each_set_is_marked_and_no_trivial_score() -> None:
    assert short(ROWS).splitlines() == [
        "Dice (%)       tumour      stroke",
        "cDDPM           41.3*       39.4 ",
        "SADM            40.1        44.0*",
        "---------------------------------",
        "mean-ssim       50.0            -",
        "* best row; below the line: scores that need no learning",
    ]


def test_a_score_that_is_not_there_is_no_best_one() -> None:
    page = short(
        [row | {"tumour_dice_mean": "" if row["row"] == "cDDPM" else row["tumour_dice_mean"]} for row in ROWS]
    )
    assert "40.1*" in page


def test_three_commands_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results/table1.csv").write_text(MADE)
    page = ending(".venv/bin/sadm")
    assert f"Report: {tmp_path}/results/report.html" in page
    following = [line.split()[:2] for line in page.partition("Next:\n")[2].splitlines()]
    assert len(following) == 3
    assert all(command == ".venv/bin/sadm" and word in COMMANDS for command, word in following)


def test_the_table_is_told_when_it_was_made_and_not_otherwise(tmp_path: Path) -> None:
    rule = f'rule all:\n    output: "results/table1.csv"\n    run:\n        open(output[0], "w").write({MADE!r})\n'
    (tmp_path / "Snakefile").write_text(rule)
    code = "import sys; from sadm.commands.main import main; main(['run', '--cores', '1', *sys.argv[1:]])"

    def said(*words: str) -> str:
        call = [sys.executable, "-c", code, *words]
        run = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True)
        return run.stdout

    assert "total" in said("-n"), "a dry run is Snakemake's own"
    assert "41.3*" in said()
    (tmp_path / "results/table1.csv").touch()
    os.utime(tmp_path / "results/table1.csv", (1, 1))
    assert said() == ""
