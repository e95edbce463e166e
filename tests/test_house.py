"""The rules of the house: rooms and their order, names, tests found by their path, citations, what may be imported where."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SRC, TESTS = ROOT / "src", ROOT / "tests"
sys.path.insert(0, str(ROOT / "envs"))
from make import closure, normal  # noqa: E402

# Bottom to top: a room imports from rooms before it.
ROOMS = [
    "runtime", "data", "study", "preprocess", "anomalies", "cohort", "networks", "methods", "training", "prediction",
    "evaluation", "statistics", "figures", "report", "native", "demo", "commands",
]  # fmt: skip

# Imports in functions that a plan never calls, by module.
NOT_PLANNED = {
    "sadm.runtime.files": {
        "numpy",
        "nibabel",
        "nibabel.arrayproxy",
        "sadm.runtime.forms",
        "sadm.runtime.nifti",
    },  # they read arrays and images
    "sadm.data.subject_tables": {"openpyxl", "xlrd"},  # it reads workbooks
}

OWN = {"sadm", *sys.stdlib_module_names}
RULES = "\n".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
# By name, as they run.
LOADED = {"cohort": "data", "train": "methods", "reconstruct": "methods", "predict": "methods"}


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    return ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(SRC.rglob("*.py"))}
NAMED = {name: path for name, path in MODULES.items() if path.name != "__init__.py"}


def room(name: str) -> str:
    """The room of a module: the second part of its name."""
    return [*name.split("."), ""][1]


def _imports(node: ast.AST, lazy: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue  # for types alone
        if isinstance(child, ast.Import):
            yield from ((alias.name, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            whole = [f"{child.module}.{alias.name}" for alias in child.names]
            yield from ((name if name in MODULES else str(child.module), lazy) for name in whole)
        yield from _imports(child, lazy or isinstance(child, ast.FunctionDef | ast.Lambda))


@cache
def imports(path: Path) -> frozenset[tuple[str, bool]]:
    """What a file imports: dotted names, and whether in a function, so that it is imported only when that runs."""
    return frozenset(_imports(ast.parse(path.read_text(encoding="utf-8")), False))


def counted(module: str, spared: Mapping[str, set[str]]) -> set[str]:
    """What ``module`` imports, but in functions that are ``spared``."""
    return {name for name, lazy in imports(MODULES[module]) if not (lazy and name in spared.get(module, ()))}


def reached(start: Iterable[str], spared: Mapping[str, set[str]]) -> set[str]:
    """The modules of sadm that those named import, at once or in a function, these included."""
    todo, found = list(start), set()
    while todo:
        name = todo.pop()
        if name in MODULES and name not in found:
            found.add(name)
            todo += [name.rpartition(".")[0], *counted(name, spared)]
    return found


@cache
def distributions() -> Mapping[str, list[str]]:
    """The distributions that bring each package."""
    return packages_distributions()


def absent(
    start: Iterable[str], there: Iterable[str], spared: Mapping[str, set[str]] | None = None
) -> dict[str, list[str]]:
    """Packages that the modules named need, and that no distribution of ``there`` brings, with the modules that import them."""
    brought, found = distributions(), {}
    for module in sorted(reached(start, spared or {})):
        for package in {name.split(".")[0] for name in counted(module, spared or {})} - OWN:
            if not set(there) & set(map(normal, brought.get(package, [package]))):
                found.setdefault(package, []).append(module)
    return found


def first_line(path: Path) -> str:
    """The first line of a test's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def tracked() -> list[Path]:
    """The text files of the repository."""
    named = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kinds = {".py", ".smk", ".md", ".yaml", ".rst", ".j2", ".js", ".css", ".toml", ".sh", ".def", ""}
    found = [ROOT / name for name in named.splitlines()]
    return [path for path in found if path.suffix in kinds and path.is_file() and path != Path(__file__)]


def test_the_rooms_are_these() -> None:
    assert {room(name) for name in MODULES} - {""} == set(ROOMS)
    assert [name for name in NAMED if name.count(".") < 2] == [], "no module outside a room"


def test_a_room_imports_from_rooms_before_it() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, path in MODULES.items()
        for name, _ in imports(path)
        if room(module) and name.startswith("sadm.") and ROOMS.index(room(name)) > ROOMS.index(room(module))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_has_one_sentence_which_the_readme_has_too(name: str) -> None:
    said = ast.get_docstring(ast.parse(MODULES[f"sadm.{name}"].read_text(encoding="utf-8")))
    assert said
    assert re.fullmatch(r"[^\n]+[^.\n]\.", said)
    assert not re.search(r"\. [A-Z]", said), "one sentence"
    lines = [" ".join(line.split()) for line in (ROOT / "README.md").read_text().splitlines()]
    found = [line for line in lines if line.startswith(f"{name}/ ")]
    assert found == [f"{name}/ {said}"]


def test_the_readme_has_the_rooms_in_their_order() -> None:
    tree = (ROOT / "README.md").read_text().partition("## The tree")[2]
    assert [name for name in re.findall(r"^  +(\w+)/ ", tree, re.MULTILINE) if name in ROOMS] == ROOMS


def test_two_modules_share_no_name_but_base() -> None:
    counts = Counter(path.stem for path in NAMED.values())
    assert {stem for stem, count in counts.items() if count > 1} <= {"base"}


def test_every_module_has_a_test_of_its_name_or_one_that_says_that_it_covers_it() -> None:
    covered = {
        name
        for path in TESTS.rglob("test_*.py")
        for said in re.findall(r"\bsadm(?:\.\w+)+(?:\.\*)?", first_line(path))
        for name in ([n for n in NAMED if n.startswith(said[:-1])] if said.endswith("*") else [said])
    }
    own = {
        name: TESTS / Path(*name.split(".")[1:-1]) / f"test_{path.stem}.py" for name, path in NAMED.items()
    }
    assert sorted(covered - MODULES.keys()) == [], "named in the first line of a test, but not there"
    assert [name for name, test in own.items() if not test.exists() and name not in covered] == []


def test_a_test_in_a_room_is_of_a_module_or_says_what_it_covers() -> None:
    tests = [path for name in ROOMS for path in sorted((TESTS / name).rglob("test_*.py"))]
    modules = {(room(name), path.stem) for name, path in NAMED.items()}
    loose = [
        str(path.relative_to(ROOT))
        for path in tests
        if (path.relative_to(TESTS).parts[0], path.stem.removeprefix("test_")) not in modules
        and not re.match(r"Covers .*\bsadm\.", first_line(path))
    ]
    assert loose == []


def test_pages_that_are_cited_are_in_the_repository() -> None:
    files = tracked()
    pages = {path.name for path in files if path.suffix == ".md"} | {"table1.md"}  # a result
    sheets = re.compile(
        r"\bfact sheet|\bsheet,? section|\bSheets?: |[( ]sheet \S+\.md|\bthe sheet('s)? (words|lists|sizes)"
        r"|\b(sizes|blocks|trap) of the sheet|\.\./(spec|shared/spec)"
    )
    cited = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if sheets.search(line) or set(re.findall(r"(?<![=\w-])([\w-]+\.md)\b", line)) - pages
    ]
    assert cited == []


def test_planning_needs_nothing_but_snakemake() -> None:
    named = [name for name in MODULES if room(name) in ("study", "data")]
    named += re.findall(
        r"^ *(?:from|import) (sadm[\w.]*)", RULES + (ROOT / "Snakefile").read_text(), re.MULTILINE
    )
    assert absent(named, closure(["snakemake"]), NOT_PLANNED) == {}


def environments() -> dict[str, str]:
    """The environment of each script, as its rules name them."""
    found = {}
    for rule in re.split(r"^ *rule\b", RULES, flags=re.MULTILINE):
        script, environment = re.search(r"scripts/(\w+)\.py", rule), re.search(r"envs/(\w+)\.yaml", rule)
        if script and environment:
            found[script[1]] = environment[1]
    return found


def test_every_script_has_a_rule_with_an_environment() -> None:
    assert environments().keys() == {path.stem for path in (ROOT / "workflow/scripts").glob("*.py")}


@pytest.mark.parametrize(("script", "environment"), environments().items())
def test_a_job_imports_only_packages_of_its_environment(script: str, environment: str) -> None:
    pins = yaml.safe_load((ROOT / f"envs/{environment}.yaml").read_text())["dependencies"][-1]["pip"]
    there = {normal(pin.split("==")[0]) for pin in pins}
    named = [name for name, _ in imports(ROOT / f"workflow/scripts/{script}.py")]
    named += [name for name in NAMED if room(name) == LOADED.get(script)]
    assert absent(named, there) == {}
