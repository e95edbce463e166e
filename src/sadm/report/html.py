"""A page of blocks as one HTML file without requests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from sadm import __version__

SCRIPTS = ("page.js", "viewer.js")


def render(
    assets: Mapping[str, str | Path],
    *,
    title: str,
    kicker: str,
    chips: Sequence[tuple[str, str]],
    sections: Sequence[dict[str, Any]],
) -> str:
    """The page: ``kicker`` over its ``title``, ``chips`` (name, value) below, then ``sections`` (id, title, part, lede, blocks).

    ``assets``: {file name: file} of workflow/report: page.html.j2, report.css, and the scripts that the page runs.
    """
    texts = {
        name: Path(file).read_text(encoding="utf-8")
        for name, file in assets.items()
        if Path(name).suffix != ".csv"
    }
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(texts["page.html.j2"]).render(
        title=title,
        kicker=kicker,
        version=__version__,
        chips=chips,
        sections=sections,
        css=texts["report.css"],
        js="".join(texts[name] for name in SCRIPTS if name in texts),
    )
