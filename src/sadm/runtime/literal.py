"""Titles and names stand literally in whatever is written: one function a format.

HTML is escaped by its template, JSON by its writer; figures take text as it is (`sadm.figures.style`).
"""

import re

from sadm.runtime.errors import ConfigError

MARKDOWN = re.compile(r"[\\`*\[\]<>|~#$&]|(?<![^\W_])_|_(?![^\W_])")  # _ within a word emphasises nothing
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
} | {c: "\\" + c for c in "_%&#$"}  # fmt: skip
SIGNS = {"†": r"$\dagger$", "‡": r"$\ddagger$", "▽": r"$\nabla$", "π": r"$\pi$", "±": r"$\pm$", "−": "$-$"}
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet takes for the beginning of one


def markdown(text: str) -> str:
    """``text`` for Markdown, in a cell of a table, a heading or a list: no markup, no HTML, no mathematics."""
    return MARKDOWN.sub(lambda found: "\\" + found[0], text)


def latex(text: str) -> str:
    """``text`` for LaTeX; signs of the tables as mathematics."""
    return "".join(LATEX.get(c) or SIGNS.get(c, c) for c in text)


def check_title(where: str, text: str) -> None:
    """Raise ConfigError if ``text``, the value of the key ``where``, cannot be printed literally everywhere."""
    fix = "begin with a letter or a digit"
    if text.startswith(FORMULA):
        raise ConfigError(f"{where}: {text!r} begins as a formula does in a spreadsheet", fix=fix)
    if not text.isprintable() or text != text.strip():
        cause = "line breaks, tabs, invisible characters or spaces at an end"
        raise ConfigError(
            f"{where}: {text!r} cannot be printed on one line", cause=cause, fix="leave these out"
        )
