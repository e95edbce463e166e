"""The report: its numbers, its sections, and in a real browser that it works without any request."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from browser import Page, found
from small_study import ROOT, TITLES, make, text

from sadm.report import mean_tables as means
from sadm.report import measures, origin, page, qc, ranks, viewer
from sadm.report import quality_tables as quality
from sadm.report.blocks import Cell, Table
from sadm.report.material import Material
from sadm.runtime.errors import ConfigError, ProcessingError
from sadm.study.layout import Layout
from sadm.study.study import Study

LAYOUT: dict[str, Any] = {
    "rows": {"cDDPM": ["ixi"], "SADM-LES": ["ixi", "les"]}, "trivial": ["random"], "testsets": ["les", "draem"], "folds": 2,
    "healthy": "ixi", "titles": TITLES, "marks": {},
}  # fmt: skip
METRICS = ("dice", "dice_testset", "dice_validation", "dice_healthy_1", "dice_healthy_5", "dice_healthy_10", "auprc", "auroc",
           "lesion_f1", "sq", "rq", "pq", "nsd", "hd95", "found_ml", "false_ml")  # fmt: skip
GROUPS = "testset\trow\tkind\tthreshold\tby\tgroup\tmetric\tmean\tci_low\tci_high\n" + "".join(
    f"les\tcDDPM\tmethod\tvalidation\tsite\tscanner {k}\tfalse_ml\t{1234.5 + k}\t1000.25\t1500.75\n"
    for k in range(11)
)
JUDGED = {
    "rankings": "testset\trow\tmetric\tmean\trank\n"
    "les\tcDDPM\tdice\t.2\t2\nles\tcDDPM\tdice_validation\t.2\t1\n"
    "les\tSADM-LES\tdice\t.6\t1\nles\tSADM-LES\tdice_validation\t\t\n",
    "agreement": "testset\tmetric_a\tmetric_b\ttau\trows\nles\tdice\tdice_validation\t-1\t2\nles\tdice\tpaper\t.37\t2\n",
    "released": "row\tkind\ttestset\tmetric\texact\treleased\tdifference\n"
    "cDDPM\tmethod\tles\tdice\t.2\t.185\t-.015\ncDDPM\tmethod\tles\tdice_validation\t.1\t.10001\t.00001\n",
    "thresholds": "row\tkind\tfold\tseed\ttestset\tthreshold\tvalue\tdataset\tscans\n"
    + "".join(
        f"{row}\tmethod\t0\t1\tles\t{name}\t.5\tles\t{scans}\n"
        for row in ("cDDPM", "SADM-LES")
        for name, scans in (("testset", ",".join(f"s{k}" for k in range(70))), ("validation", "sub-v1,sub-v2"))
    ),
    "audit_used": "row\tfold\tseed\ttestset\tuse\tdataset\tset\tscans\n"
    "cDDPM\t0\t1\tles\tscores\tles\ttest\t70\ncDDPM\t0\t1\tles\tvalidation\tles\tval\t2\n",
    "alarms": GROUPS,
}  # fmt: skip
MEANS = {"cDDPM": 20.0, "SADM-LES": 60.0, "random": 30.0}
ASSETS = ("sections.yaml", "page.html.j2", "report.css", "page.js", "viewer.js", "paper_table1.csv")


def kind(row: str) -> str:
    return "trivial" if row == "random" else "method"


def table(folder: Path) -> Path:
    head = [
        "row",
        "kind",
        *(f"{t}_{m}_{s}" for t in ("les", "draem") for m in ("dice", "auprc") for s in ("mean", "std")),
    ]
    lines = [[row, "x", *[mean, 1.5] * 4] for row, mean in MEANS.items()]
    return text(folder / "table1.csv", "\n".join(",".join(map(str, line)) for line in [head, *lines]) + "\n")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("study")
    about, files = make(folder, folds=1)
    sheet = "scan\tsha256\ns0\tbb\ns1\taa\n"
    files.assets = [ROOT / "workflow/report" / name for name in ASSETS]
    files.pins = [ROOT / "requirements.lock", ROOT / "data/versions.csv"]
    audit = text(
        folder / "audit.tsv",
        "dataset\tfold\tset\tscans\tsubjects\nixi\t0\ttrain\t8\t7\nixi\t1\ttrain\t9\t7\n",
    )
    spans = "testset\trow\tkind\tmetric\tmean\tstd_folds\tstd_seeds\tci_low\tci_high\n" + "".join(
        f"{t}\t{row}\t{kind(row)}\t{metric}\t{mean / 100}\t0.02\t0.013\t0.1\t0.7\n"
        for t in ("les", "draem")
        for row, mean in MEANS.items()
        for metric in METRICS
    )
    pairs = "testset\tmetric\trow_a\trow_b\tp_holm\nles\tdice\tcDDPM\tSADM-LES\t0.3\n"
    files.tables = [
        table(folder),
        audit,
        text(folder / "summary.tsv", spans),
        text(folder / "pairs.tsv", pairs),
        *(text(folder / f"{name}.tsv", content) for name, content in JUDGED.items()),
    ]
    files.figures = [
        text(folder / f"{name}.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        for name in ("beta", "les_cases")
    ]
    names = ("ixi", "les")
    files.excluded = [folder / n / "excluded.tsv" for n in names]
    many = "\t".join(f"largest_number_{k}" for k in range(18))
    files.checks = [
        text(folder / n / "checks.tsv", f"scan\toverlap\t{many}\nsub-a-long-name-001\t0.9" + "\t1234.567" * 18 + "\n")
        for n in names
    ]  # fmt: skip
    files.sheets = [text(folder / f"cohort/{n}.tsv", sheet) for n in names]
    files.weights = [text(folder / "w.safetensors", "abc")]
    text(folder / "meta/x", json.dumps({"rule": "train", "log": ["a"], "starttime": 1.0, "endtime": 4.0}))
    config = Study.from_config(yaml.safe_load((ROOT / "config.yaml").read_text())).config
    return Material.of(
        files,
        about=about,
        models=["cddpm"],
        folds=1,
        datasets=names,
        layout=LAYOUT,
        config=config,
        metadata=str(folder / "meta"),
    )


@pytest.fixture(scope="module")
def html(given: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "report.html"
    page.report(given, out)
    return out


def cell(made: Table, row: str, column: int) -> Cell:
    return next(line[column] for body in made.bodies for line in body.rows if line[0].text == row)


def test_table_marks_best_tied_and_below_trivial_with_intervals_in_percent(given: Material):
    lines = [measures.read(given.tables[name]) for name in ("summary", "pairs")]
    made = measures.table1(given.tables["table1"], Layout(**LAYOUT), *lines)
    assert cell(made, "SADM", 3) == Cell("60.00 ± 1.50", 60.0, "[10.0, 70.0]", "best", 0.6)
    assert cell(made, "cDDPM", 3).css == "tied below"
    assert cell(made, "cDDPM", 5).css == "below"
    assert cell(made, "random", 3).css == ""
    assert [body.css for body in made.bodies] == ["group", "group", "trivial"]
    assert (
        "1 of 2 methods are not above the best trivial score (random, 30.0 %)"
        in measures.findings(given.tables["table1"], Layout(**LAYOUT))[0]
    )


def test_the_papers_table_stands_beside_its_own_study_only(given: Material, tmp_path: Path):
    paper = Study.from_config(yaml.safe_load((ROOT / "studies/paper.yaml").read_text()))
    assert measures.differs_from_paper(paper.config) == []
    assert any("splits.folds 2, not 5" in each for each in measures.differs_from_paper(given.config))
    titles = {"ixi": "IXI", "brats": "BRATS", "atlas": "ATLAS", "draem": "DRAEM"}
    rows = {
        row: sorted({paper.trained_on(m) for x in models for m in [x, *paper.needs(x)]})
        for row, models in paper.rows.items()
    }
    layout = Layout(rows, (), paper.testsets, 5, "ixi", titles)
    head = [f"{t}_{m}_{s}" for t in paper.testsets for m in ("dice", "auprc") for s in ("mean", "std")]
    content = "\n".join([",".join(["row", *head]), *(",".join([row, *["50", "1"] * 6]) for row in rows)])
    made = measures.paper_table(text(tmp_path / "t.csv", content), given.assets["paper_table1.csv"], layout)
    lines = [line for body in made.bodies for line in body.rows]
    assert len(lines) == 22
    assert all(each.text != "–" for line in lines for each in line)
    assert lines[0][3].text == "50.00 | 39.16"
    assert lines[17][3].small == "-19.68"


def test_a_pivot_has_a_column_a_measure_and_trivial_rows_apart(given: Material):
    made = means.pivot(given.tables["summary"], TITLES, ["metric"], {"dice": "Best Dice, %"}, {})
    assert [each.caption for each in made] == ["Les <b>", "DRAEM"]
    assert cell(made[0], "cDDPM", 1) == Cell("20.0", 0.2, "[10.0, 70.0]")
    assert [len(body.rows) for body in made[0].bodies] == [2, 1]


def test_many_groups_go_into_tables_that_fit(given: Material):
    made = means.pivot(given.tables["alarms"], TITLES, ["by", "group"], {}, {"threshold": "validation"}, "ml")
    assert [each.caption for each in made] == ["Les <b>: site (1 of 2)", "Les <b>: site (2 of 2)"]
    assert [len(each.columns) for each in made] == [9, 4]
    assert cell(made[1], "cDDPM", 3) == Cell("1244.5", 1244.5, "[1000.2, 1500.8]")


def test_subjects_folds_and_seeds_stand_apart(given: Material):
    made = means.spread(given.tables["summary"], TITLES)[0]
    assert [cell(made, "SADM-LES", k).text for k in (1, 2, 3)] == ["60.0", "2.00", "1.30"]
    assert made.overs[1:] == [("Best Dice per volume, %", 3), ("Dice at the validation threshold, %", 3), ("AUPRC, %", 3)]  # fmt: skip


def test_released_numbers_stand_beside_ours_with_their_difference(given: Material):
    (made,) = means.released(given.tables["released"], TITLES)
    assert [cell(made, "cDDPM", k).text for k in range(1, 7)] == ["20.00", "18.50", "-1.50", "10.00", "10.00", "0.00"]  # fmt: skip


def test_places_tell_how_far_a_method_moves_and_orders_how_far_they_agree(given: Material):
    words, places, orders = ranks.rankings(given.tables["rankings"], given.tables["agreement"], TITLES)
    assert words.paragraphs == ["Les <b>: first by best Dice per volume is SADM-LES; under other definitions: validation threshold cDDPM; AUPRC –."]  # fmt: skip
    assert cell(places, "cDDPM", 2) == Cell("1", 1.0, "▲ 1", "best")
    assert cell(places, "SADM-LES", 2).text == "–"
    assert cell(orders, "best per volume", 2) == Cell("-1.00", -1.0, share=0)
    assert cell(orders, "the paper", 1).text == "0.37"


def test_each_threshold_is_listed_once_with_what_it_was_fitted_on(given: Material):
    facts, made = ranks.fitted(given.tables["thresholds"], given.tables["audit_used"], TITLES)
    assert [count for _, count in facts.pairs] == ["1", "1"]
    oracle, validation = made.bodies[0].rows
    assert oracle[4].text == "test: an upper bound"
    assert "s59 and 10 more" in oracle[6].text
    assert [each.text for each in validation[3:]] == ["Les <b>", "validation", "2", "sub-v1, sub-v2", "2"]


def test_failed_scans_come_first_among_the_thumbnails(tmp_path: Path):
    checks = text(
        tmp_path / "qc.tsv",
        "scan\tpassed\treasons\toverlap\na\tTrue\t\t0.95\nb\tFalse\tno brain\t0.99\nc\tTrue\t\t0.9\n",
    )
    pictures = {("les", scan): text(tmp_path / f"{scan}.png", "x" * 100) for scan in "abc"}
    (gallery,) = quality.thumbnails({"les": checks}, pictures, {"les": "LES"}, 250)
    assert [each.caption.split(":")[0] for each in gallery.pictures] == ["LES, b", "LES, c"]
    assert "no brain" in gallery.pictures[0].caption
    assert gallery.notes[0].startswith("1 more")


def test_the_page_of_a_data_set_has_every_scan_and_its_reasons(tmp_path: Path):
    checks = text(
        tmp_path / "les.tsv",
        "scan\tpassed\treasons\tbrain_ml\toverlap\nsub-a\tTrue\t\t1200\t0.95\nsub-b\tFalse\tno <brain>\t3\t0.1\n",
    )
    pictures = [text(tmp_path / f"sub-{name}_qc.png", "x") for name in "ab"]
    assets = [ROOT / "workflow/report" / name for name in ("page.html.j2", "report.css", "page.js")]
    qc.qc(["sub-a", "sub-b"], checks, pictures, assets, tmp_path / "les.html", title="Les <b>")
    html = (tmp_path / "les.html").read_text()
    assert html.count("<img") == 2
    assert html.count("data:image/png;base64") == 2
    assert "no &lt;brain&gt;" in html
    assert "Les &lt;b&gt;" in html
    assert html.index("Quality check of sub-b") < html.index("Quality check of sub-a"), "failed ones first"
    assert "1 of 2 scans failed" in html
    assert not re.search(r"(src|href)=.(http|/)", html), "it needs nothing beside it"


def test_a_mosaic_holds_every_slice_and_edges_surround_a_mask():
    images = np.random.default_rng(0).integers(0, 255, (13, 4, 5), dtype=np.uint8)
    made = viewer.mosaic(images)
    assert made.shape == (8, 50)
    assert (made[4:8, 10:15] == images[12]).all()
    mask = np.zeros((4, 5), bool)
    mask[0, 0] = True
    assert sorted(viewer.edges(mask)) == [(0, 0, 0, 1), (0, 0, 1, 0), (0, 1, 1, 1), (1, 0, 1, 1)]


def test_a_job_of_several_files_counts_once():
    record = {"rule": "train", "log": ["a"], "starttime": 1.0, "endtime": 3.0}
    other = record | {"log": ["b"], "endtime": 6.0}
    assert origin.jobs([record, record, other, {"rule": "x", "starttime": None, "endtime": None}]) == {
        "train": [2.0, 5.0]
    }


def test_an_unknown_kind_of_section_is_an_error(given: Material, tmp_path: Path):
    with pytest.raises(ConfigError, match="unknown kind"):
        page.sections(text(tmp_path / "s.yaml", "- {id: x, title: X, show: nothing}\n"), given)


def test_a_report_above_the_limit_is_an_error(
    given: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(page, "LIMIT", 1000)
    with pytest.raises(ProcessingError, match="above"):
        page.report(given, tmp_path / "r.html")
    assert not list(tmp_path.iterdir())


def test_text_from_files_is_escaped_and_sections_without_files_are_left_out(html: Path):
    content = html.read_text()
    assert "the brain is &lt;small&gt;" in content
    assert "<small>&gt;" not in content
    assert 'id="summary"' in content
    assert 'id="groups"' not in content
    assert "Not shown, as this study is not the paper" in content


@pytest.mark.skipif(found() is None, reason="no chromium on this machine")
def test_in_a_browser_it_scrolls_sorts_prints_and_requests_nothing(html: Path, tmp_path: Path):
    with Page(tmp_path / "profile") as shown:
        shown.open(html)
        shown.run("document.querySelector('figure.sv').scrollIntoView({behavior: 'instant'})")
        shown.until("document.querySelector('figure.ready')")
        before = int(shown.run("document.querySelector('figure.sv').dataset.drawn"))
        step = "Down" if before == 6 else "Up"
        shown.run("document.querySelector('figure.sv canvas').focus()")
        shown.key(f"Arrow{step}", number=40 if step == "Down" else 38)
        shown.until(
            f"document.querySelector('figure.sv').dataset.drawn == {before + (-1 if step == 'Down' else 1)}"
        )
        shown.run("document.querySelector('#table1 th.num button').click()")
        first = "document.querySelector('#table1 tbody tr:not(.title) td').textContent"
        assert shown.run(first) == "SADM"
        assert shown.run("document.querySelector('#table1 th.num').getAttribute('aria-sort')") == "descending"
        assert shown.run("[...document.images].every(i => i.alt)")
        for part in ("rankings", "uncertainty", "audit", "released", "alarms"):
            assert shown.run(f"document.querySelector('nav a[href=\"#{part}\"]').textContent")
        shown.resize(1400, 900)
        shown.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)"
        assert shown.run(wide) == []
        shown.resize(750, 900)
        tops = "[...document.querySelectorAll('.cases')].map(c => new Set([...c.children].map(f => f.offsetTop)).size)"
        assert shown.run("[...document.querySelectorAll('.cases')].map(c => c.children.length)") == [3, 3]
        assert shown.run(tops) == [1, 1], "three pictures side by side"
        shown.resize(390, 800)
        assert shown.run("document.documentElement.scrollWidth") <= 390
        assert shown.pdf().startswith(b"%PDF")
        assert shown.requests == [html.resolve().as_uri()]
        assert shown.console == []
