"""Covers sadm.report.page, sadm.report.section_kinds, sadm.report.html, sadm.report.blocks, sadm.report.material, sadm.report.lines, sadm.report.methods_text.

The whole report, and in a real browser that it works without any request.
"""

from dataclasses import replace
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
    assert 'id="first"' in content
    assert 'id="curves"' not in content
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
        for part in ("first", "rankings", "numbers", "audit"):
            assert shown.run(f"document.querySelector('nav a[href=\"#{part}\"]').textContent")
        shown.resize(1400, 900)
        shown.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        choices = "[...document.querySelectorAll('#numbers input')].filter(i => !i.disabled).length"
        assert shown.run(choices) >= 7
        wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)"
        for k in range(shown.run("document.querySelectorAll('.choose input').length")):
            shown.run(f"document.querySelectorAll('.choose input')[{k}].click()")
            assert shown.run(wide) == []
        shown.resize(750, 900)
        tops = "[...document.querySelectorAll('.cases')].map(c => new Set([...c.children].map(f => f.offsetTop)).size)"
        assert shown.run("[...document.querySelectorAll('.cases')].map(c => c.children.length)") == [3, 3]
        assert shown.run(tops) == [1, 1], "three pictures side by side"
        shown.resize(390, 800)
        assert shown.run("document.documentElement.scrollWidth") <= 390
        for k in range(shown.run("document.querySelectorAll('.choose input').length")):
            shown.run(f"document.querySelectorAll('.choose input')[{k}].click()")
            assert shown.run("document.documentElement.scrollWidth") <= 390
        assert shown.pdf().startswith(b"%PDF")
        assert shown.requests == [html.resolve().as_uri()]
        assert shown.console == []


@pytest.mark.skipif(found() is None, reason="no chromium on this machine")
def test_one_choice_serves_all_sections_by_mouse_and_keyboard(html: Path, tmp_path: Path):
    panels = "[...document.querySelectorAll('#numbers .panel')].filter(p => !p.hidden)"
    pick = "document.querySelector('#numbers input[value=\"{}\"]')"
    with Page(tmp_path / "profile") as shown:
        shown.open(html)
        assert shown.run(f"{panels}.map(p => p.querySelector('caption').textContent)") == ["Les <b>, n = 9"]
        shown.run(pick.format("DRAEM") + ".click()")
        assert shown.run(f"{panels}.map(p => p.querySelector('caption').textContent)") == ["DRAEM, n = 9"]
        shown.run(pick.format("Dice by threshold") + ".focus()")
        shown.key("ArrowRight", number=39)
        assert shown.run(pick.format("Lesions and surfaces") + ".checked")
        assert len(shown.run(f"{panels}.map(p => p.dataset.picks)")) == 1
        shown.run(pick.format("False alarms by group") + ".click()")
        assert shown.run(pick.format("DRAEM") + ".disabled"), "a test set without this table cannot be chosen"
        assert shown.run(f"{panels}.every(p => p.dataset.picks.includes('Les'))")
        assert shown.console == []


@pytest.mark.skipif(found() is None, reason="no chromium on this machine")
def test_three_planes_move_together_and_the_threshold_is_the_volumes_best(html: Path, tmp_path: Path):
    figure = "document.querySelector('figure.sv')"
    with Page(tmp_path / "profile") as shown:
        shown.open(html)
        shown.run(figure + ".scrollIntoView({behavior: 'instant'})")
        shown.until("document.querySelector('figure.ready')")
        assert shown.run(figure + ".querySelectorAll('canvas[role=slider]').length") == 3
        said = shown.run(figure + ".querySelector('.live > output').value")
        best = float(shown.run(figure + ".querySelector('figcaption span').textContent").split()[2])
        assert float(said.partition("≈ ")[2].split()[0]) == pytest.approx(best, abs=6), said
        shown.run(
            "const t = document.querySelector('[name=threshold]'); t.value = 300; t.dispatchEvent(new Event('input'))"
        )
        assert shown.run(figure + ".querySelector('.live > output').value") != said
        before = int(shown.run(figure + ".dataset.drawn"))
        box = shown.run(
            "(b => [b.left + b.width / 2, b.top + 1])(document.querySelector('figure.sv .side canvas').getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            shown.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)
        assert int(shown.run(figure + ".dataset.drawn")) == 6, (
            f"the top of the coronal plane is the last slice, was {before}"
        )


@pytest.mark.skipif(found() is None, reason="no chromium on this machine")
def test_a_title_is_text_on_the_page_and_in_its_buttons(given: Material, tmp_path: Path):
    title = "\"'</script><img src=x onerror=alert(1)> $\\frac$ {{ 7 * 7 }} | `x` & é"
    hostile = replace(given.layout, titles=dict(given.layout.titles) | {"les": title})
    page.report(replace(given, layout=hostile), tmp_path / "r.html")
    with Page(tmp_path / "profile") as shown:
        shown.open(tmp_path / "r.html")
        assert title in shown.run("document.querySelector('#first').textContent")
        assert shown.run("document.querySelector('#numbers fieldset:nth-of-type(2) input').value") == title
        assert not shown.run("document.querySelector('img[src=x]')")
        assert shown.console == []
