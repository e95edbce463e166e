"""Table 1 and what it says, in percent and with marks; the paper's table beside its own study only."""

from pathlib import Path

import yaml
from small_report import cell
from small_study import LAYOUT, ROOT, text

from sadm.report import measures
from sadm.report.blocks import Cell
from sadm.report.material import Material
from sadm.study.layout import Layout
from sadm.study.study import Study


def test_table_has_the_marks_of_table1_with_intervals_and_differences(given: Material):
    made = measures.table1(given.tables["table1"], Layout(**LAYOUT))
    hint = "minus the best trivial score: +30.0 [20.0, 40.0]"
    assert cell(made, "SADM", 3) == Cell("60.00 ± 1.50 †", 60.0, "[10.0, 70.0]", "best", 0.6, hint)
    assert cell(made, "cDDPM", 3).css == "below"
    assert (cell(made, "random", 3).css, cell(made, "random", 3).hint) == ("", "")
    assert [body.css for body in made.bodies] == ["group", "group", "trivial"]
    assert made.overs[-1][0] == "DRAEM, n = 9"


def test_claims_are_differences_with_what_p_could_be(given: Material):
    papers, trivial = measures.differences(given.tables["claims"], Layout(**LAYOUT))
    assert [cell(papers, "SADM-LES", k).text for k in (1, 2, 3, 4)] == ["cDDPM", "+40.0", "0.008", "–"]
    assert cell(papers, "SADM-LES", 2).small == "[30.0, 50.0]"
    assert "None of these tests can reject" in trivial.notes[0]
    assert "None of" not in papers.notes[0]


def test_a_small_p_is_not_printed_as_none(given: Material, tmp_path: Path):
    table = tmp_path / "claims.tsv"
    table.write_text(given.tables["claims"].read_text().replace("\t.004\t.008", "\t.00001\t.00002"))
    assert cell(measures.differences(table, Layout(**LAYOUT))[0], "SADM-LES", 3).text == "<0.001"


def test_the_papers_table_stands_beside_its_own_study_only(given: Material, tmp_path: Path):
    paper = Study.from_config(yaml.safe_load((ROOT / "studies/paper.yaml").read_text()))
    layout = paper.layout
    head = [f"{t}_{m}_{s}" for t in paper.testsets for m in ("dice", "auprc") for s in ("mean", "std")]
    content = "\n".join(
        [",".join(["row", *head]), *(",".join([row, *["50", "1"] * 6]) for row in layout.all_rows)]
    )
    made = measures.paper_table(text(tmp_path / "t.csv", content), given.assets / "paper_table1.csv", layout)
    lines = [line for body in made.bodies for line in body.rows]
    assert len(lines) == 22
    assert all(each.text != "–" for line in lines for each in line)
    assert lines[0][3].text == "50.00 | 39.16"
    assert lines[17][3].small == "-19.68"
