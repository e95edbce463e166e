"""Covers the rule report: the page of the smallest study, all rows and test sets, in a real browser."""

from pathlib import Path

import pytest
import yaml
from browser import Page, found
from command import ROOT

WIDE = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)"


@pytest.mark.skipif(found() is None, reason="no chromium on this machine")
def test_the_report_has_every_section_fits_and_requests_nothing(ran, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    report = Path(ran.folder, "results/report.html")
    assert report.stat().st_size < 20_000_000
    sections = [said["id"] for said in yaml.safe_load((ROOT / "workflow/report/sections.yaml").read_text())]
    with Page(tmp_path / "profile", 1400, 900) as page:
        page.open(report)
        shown = page.run("[...document.querySelectorAll('main > section')].map(s => s.id)")
        assert shown == sections
        page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        for k in range(page.run("document.querySelectorAll('.choose input').length")):
            page.run(f"document.querySelectorAll('.choose input')[{k}].click()")
            assert page.run(WIDE) == []
        assert page.run("document.querySelectorAll('#rankings tbody tr').length") >= 3 * 22
        page.run("document.querySelector('figure.sv').scrollIntoView({behavior: 'instant'})")
        page.until("document.querySelector('figure.ready')")
        assert page.run("[...document.images].every(i => i.alt && (!i.complete || i.naturalWidth))")
        assert page.requests == [report.resolve().as_uri()]
        assert page.console == []
