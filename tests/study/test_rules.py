"""Covers sadm.study in the workflow: rule files hold rules, what they say of the study is a property of the study."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {path.name: path for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]}
COMMON = "common.smk"  # its functions are for all
CLOSING = {"(": ")", "[": "]", "{": "}"}


def code(path: Path) -> str:
    """A rule file without comments and strings; of an f-string its expressions stay."""
    text = re.sub(r'"""(?s:.*?)"""', lambda found: '""' + "\n" * found[0].count("\n"), path.read_text())
    text = re.sub(r"(?m)(^|\s)#.*$", "", text)
    return re.sub(r'f?"(\\.|[^"\\\n])*"', lambda found: _expressions(found[0]), text)


def _expressions(string: str) -> str:
    said = re.findall(r"(?<!\{)\{([^{}]+)\}", string) if string.startswith("f") else []
    return f"({', '.join(said)})" if said else '""'


def brackets(text: str) -> list[str]:
    """What stands between each pair of brackets, those within as they are."""
    found, opened = [], list[int]()
    for place, sign in enumerate(text):
        if sign in CLOSING:
            opened.append(place)
        elif sign in CLOSING.values() and opened:
            found.append(text[opened.pop() + 1 : place])
    return found


def own(inner: str) -> str:
    """``inner`` without what stands in brackets of its own."""
    while (shorter := re.sub(r"[(\[{][^()\[\]{}]*[)\]}]", "", inner)) != inner:
        inner = shorter
    return inner


def long_comprehensions(text: str) -> list[str]:
    """Comprehensions over the study that fill more than a line."""
    return [
        inner.strip()
        for inner in brackets(text)
        if re.search(r"\sfor\s.+\sin\s", own(inner), re.DOTALL) and "study" in inner and "\n" in inner.strip()
    ]


def constants(text: str) -> set[str]:
    """Upper-case names that a file assigns outside its rules."""
    return set(re.findall(r"(?m)^([A-Z][A-Z_0-9]*)\s*=", text))


def functions(text: str) -> set[str]:
    """Functions that a file defines outside its rules."""
    return set(re.findall(r"(?m)^def (\w+)", text))


def test_the_search_finds_what_it_should() -> None:
    assert long_comprehensions("x = [\n    a\n    for a in study.rows\n]\n") == ["a\n    for a in study.rows"]
    assert (
        long_comprehensions("x = [a for a in study.rows]\nfor a in study.rows:\n    f(\n        a\n    )\n")
        == []
    )
    assert constants("A = 1\nB_2 = 2\nrule a:\n    C = 3\n") == {"A", "B_2"}


@pytest.mark.parametrize("name", FILES)
def test_no_comprehension_over_the_study_is_longer_than_a_line(name: str) -> None:
    assert long_comprehensions(code(FILES[name])) == []


@pytest.mark.parametrize("name", FILES)
def test_no_file_uses_what_another_one_left_behind(name: str) -> None:
    text = code(FILES[name])
    others = {other: code(path) for other, path in FILES.items() if other != name}
    foreign = {each for other in others.values() for each in constants(other)}
    foreign |= {
        each for other, each_text in others.items() if other != COMMON for each in functions(each_text)
    }
    foreign -= constants(text) | functions(text)
    named = set(re.findall(r"(?<![\w.])\w+(?=\()", text)) | set(
        re.findall(r"(?<![\w.])[A-Z][A-Z_0-9]*\b", text)
    )
    named |= set(re.findall(r"=\s*(\w+)\s*(?:,|$)", text))  # a function that is handed over
    assert sorted(foreign & named) == []


@pytest.mark.parametrize("name", FILES)
def test_a_lambda_has_no_name(name: str) -> None:
    """What is shared is a function."""
    assert re.findall(r"(?m)^(\w+)\s*=\s*lambda", code(FILES[name])) == []


def test_scripts_hold_no_joins_by_place() -> None:
    """`zip` and `product` in a script would join files by their order."""
    for path in sorted((ROOT / "workflow/scripts").glob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
        assert not names & {"zip", "product", "enumerate"}, path.name
