"""A page of blocks as one HTML file without requests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from sadm import __version__


def render(
    assets: Path,
    scripts: Sequence[str],
    *,
    title: str,
    kicker: str,
    chips: Sequence[tuple[str, str]],
    sections: Sequence[dict[str, Any]],
) -> str:
    """The page: ``kicker`` over its ``title``, ``chips`` (name, value) below, then ``sections`` (id, title, part, lede, blocks).

    ``assets``: the folder workflow/report, with page.html.j2, report.css, and the ``scripts`` that the page runs.
    """
    texts = {
        name: (assets / name).read_text(encoding="utf-8") for name in ("page.html.j2", "report.css", *scripts)
    }
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(texts["page.html.j2"]).render(
        title=title,
        kicker=kicker,
        version=__version__,
        chips=chips,
        sections=sections,
        css=texts["report.css"],
        js="".join(texts[name] for name in scripts),
    )
