"""Covers sadm.report.page, sadm.report.html, sadm.report.blocks, sadm.report.material, sadm.report.lines, sadm.report.methods_text.

The whole report, and in a real browser that it works without any request.
"""

from pathlib import Path

import pytest
from browser import Page, found
from small_study import text

from sadm.report import page
from sadm.report.material import Material
from sadm.runtime.errors import ConfigError, ProcessingError


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
