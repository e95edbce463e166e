"""The page of a data set."""

import re
from pathlib import Path

from small_study import ROOT, text

from sadm.report import qc


def test_the_page_of_a_data_set_has_every_scan_and_its_reasons(tmp_path: Path):
    checks = text(
        tmp_path / "les.tsv",
        "dataset\tscan\tpassed\treasons\tunusual\tbrain_ml\toverlap\n"
        "les\tsub-a\tTrue\t\t\t1200\t0.95\nles\tsub-b\tFalse\tno <brain>\t\t3\t0.1\n"
        "les\tsub-c\tTrue\t\tsmall <brain>\t880\t0.97\n",
    )
    pictures = [text(tmp_path / f"les/sub-{name}/anat/sub-{name}_qc.png", "x") for name in "bac"]
    notes = text(
        tmp_path / "notes.tsv", "dataset\tnote\nles\t2 of 3 images used; 1 not: 1 another contrast (flair)\n"
    )
    qc.qc(checks, pictures, ROOT / "workflow/report", tmp_path / "les.html", "Les <b>", notes)
    html = (tmp_path / "les.html").read_text()
    assert "Les &lt;b&gt;: 2 of 3 images used; 1 not: 1 another contrast (flair)." in html
    assert html.count("<img") == 3
    assert html.count("data:image/png;base64") == 3
    assert "no &lt;brain&gt;" in html
    assert "Les &lt;b&gt;" in html
    places = [html.index(f"Quality check of sub-{name}") for name in "bca"]
    assert places == sorted(places), "unusable ones first, then unusual ones"
    assert "1 of 3 scans are unusable" in html
    assert "1 of 3 scans are unusual" in html
    assert "small &lt;brain&gt;" in html
    assert not re.search(r"(src|href)=.(http|/)", html), "it needs nothing beside it"
