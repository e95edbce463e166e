"""Covers what runs again of all rules: after a change exactly the jobs that it affects, as docs/rerun.md says.

The page's table is asked of dry runs. SADM_REWRITE=1 writes the table anew.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from plans import ROOT, Finished, forked

from sadm.study.copies import ADVICE, copied, mark

PAGE = ROOT / "docs/rerun.md"
STROKE, HEALTHY = (f"results/demo/{name}/sub-{name}001_T1w.nii.gz" for name in ("stroke", "healthy"))
LABEL = "results/demo/stroke/sub-stroke001_label-lesion_mask.nii.gz"
OWN = {"importer": "demo", "annotated": 0, "brain": "deepbet", "options": {"kind": "stroke", "count": 2}}
SETS = ["tumour", "stroke", "draem"]
PARTS = re.findall(r'^ *include: "(.*)"', (ROOT / "Snakefile").read_text(encoding="utf-8"), re.MULTILINE)
RULES = [
    re.findall(
        r"^(?:use rule \w+ as|rule) (\w+)(?: with)?:", (ROOT / part).read_text(encoding="utf-8"), re.MULTILINE
    )
    for part in PARTS
]
CHUNKS = re.compile(r"(deepbet|hdbet)_\w+_\d+")  # rules by data set and chunk: they count as one
ORDER = [rule for part in RULES for rule in part]
ORDER.insert(ORDER.index("refine"), "deepbet")
ORDER.insert(ORDER.index("refine"), "hdbet")


def config(**sections: Any) -> Callable[[Finished], dict[str, int]]:
    """A change of the config."""
    return lambda study: study.plan(sections)


def within(make: Callable[[Finished], AbstractContextManager[None]]) -> Callable[[Finished], dict[str, int]]:
    """A change of a file."""

    def plan(study: Finished) -> dict[str, int]:
        with make(study):
            return study.plan()

    return plan


def edit(name: str, old: str, new: str) -> Callable[[Finished], dict[str, int]]:
    """A change of the project's text."""
    return within(lambda study: study.edited(name, old, new))


def rewrite(name: str, content: bytes) -> Callable[[Finished], dict[str, int]]:
    """A change of an input file."""
    return within(lambda study: study.changed(name, content))


@contextmanager
def touched(study: Finished) -> Iterator[None]:
    for path in [*study.project.rglob("*.py"), *study.project.rglob("*.smk")]:
        path.touch()
    yield


def new_method(study: Finished) -> dict[str, int]:
    with study.added("src/sadm/methods/ae2.py", (ROOT / "src/sadm/methods/ae.py").read_text()):
        return study.plan({"rows": {"AE2": "ae2"}, "hyper": {"ae2": {"epochs": 2, "batch": 2}}})


CHANGES: dict[str, Callable[[Finished], dict[str, int]]] = {
    "everything, `--forceall`": lambda study: study.plan(None, "--forceall"),
    "one N4 parameter, `bias.tolerance`": config(bias={"tolerance": 0.002}),
    "`t_test` of DDPM": config(hyper={"ddpm": {"t_test": [250, 500]}}),
    "`score.beta`": config(score={"beta": 0.6}),
    "`score.rates`": config(score={"rates": [0.01, 0.05]}),
    "the learning rate of AE": config(hyper={"ae": {"lr": 0.001}}),
    "`splits.folds`: 2, not 1": config(splits={"folds": 2}),
    "`training.seeds`: 2, not 1": config(training={"seeds": 2}),
    "`quality.overlap`": config(quality={"overlap": [0.4, 0.5]}),
    "the learning rate of Unet on stroke": config(hyper={"unet@stroke": {"lr": 0.001}}),
    "one T1 of stroke": rewrite(STROKE, b"other"),
    "one T1 of healthy": rewrite(HEALTHY, b"other"),
    "one label of stroke": rewrite(LABEL, b"other"),
    "one scan more of stroke": config(datasets={"stroke": {"options": {"count": 4}}}),
    "one scan more of healthy": config(datasets={"healthy": {"options": {"count": 5}}}),
    "a new test set of 2 scans": config(datasets={"own": OWN}, testsets=[*SETS, "own"]),
    "a new method: one file, one row": new_method,
    "a new row of two models that are there": config(rows={"AE-DRAEM": "ae + unet@draem"}),
    "a function body in `score.py`, `fuse`": edit("src/sadm/prediction/score.py", "np.float32(2 * beta) * u", "u * np.float32(2 * beta)"),
    "the loss of one method, AE": edit("src/sadm/methods/ae.py", "    def loss(self", "    other = 1\n\n    def loss(self"),
    "the rows of the figures": config(figures=["SADM-DRAEM"]),
    "`statistics.resamples`": config(statistics={"resamples": 200}),
    "`training.device`": config(training={"device": "cpu"}),
    "`training.checkpoint_every`": config(training={"checkpoint_every": 2}),
    "a docstring in `score.py`": edit("src/sadm/prediction/score.py", '"""', '"""Other words. '),
    "a comment in the config": edit("config.yaml", "name: demo", "# a comment\nname: demo"),
    "file times of all scripts and modules": within(touched),
    "a T1 written anew, the same to the byte (below 1 MB)": rewrite(STROKE, b""),
    "the version of sadm": edit("src/sadm/__init__.py", '__version__ = "', '__version__ = "9.'),
    "a word of an error's message": edit("src/sadm/prediction/score.py", "A row adds one or two maps.", "A row has one or two maps."),
    "a constant in `runtime/files.py`": edit("src/sadm/runtime/files.py", "compresslevel=3", "compresslevel=4"),
    "the finished study moved, the project cloned elsewhere": within(Finished.elsewhere),
    "the study copied with its times, `cp -a`": within(lambda study: study.copy(keeps_times=True)),
    "other cores, `--cores 8`": lambda study: study.plan(None, "--cores", "8"),
    "another clone in PYTHONPATH": lambda study: study.plan_with(PYTHONPATH=str(ROOT / "src")),
    "nothing": lambda study: study.plan(),
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The smallest study, finished, and a project to change."""
    return Finished(tmp_path_factory.mktemp("stale"))


def line(change: str, jobs: dict[str, int]) -> str:
    """A row of the page's table."""
    merged: Counter[str] = Counter()
    for rule, count in jobs.items():
        merged[CHUNKS.sub(r"\1", rule)] += count
    said = ", ".join(f"{rule} {merged[rule]}" for rule in sorted(merged, key=ORDER.index))
    return f"| {change} | {sum(jobs.values())} | {said or '-'} |"


def lines() -> dict[str, str]:
    """Rows of the page's table by change."""
    found = [
        row for row in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| .* \| \d+ \| ", row)
    ]
    return {row.split(" | ")[0].removeprefix("| "): row for row in found}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_reruns_what_the_page_says(finished: Finished, change: str) -> None:
    found = line(change, CHANGES[change](finished))
    if os.environ.get("SADM_REWRITE"):
        text = PAGE.read_text(encoding="utf-8")
        before = lines().get(change)
        PAGE.write_text(text.replace(before, found) if before else f"{text}{found}\n", encoding="utf-8")
    assert lines()[change] == found


def test_a_copy_with_new_times_says_how_to_go_on(finished: Finished) -> None:
    mark(finished.study / "results")
    with finished.copy(keeps_times=False):
        assert ADVICE in forked(finished.words("--dry-run"), finished.project.parent / "said")[1]
        code, said = forked(finished.words("--touch", "--cores", "1"), finished.project.parent / "said")
        assert code == 0, said[-3000:]
        assert finished.plan() == {}
        assert not copied(finished.study / "results")
    with finished.copy(keeps_times=True):
        assert ADVICE not in forked(finished.words("--dry-run"), finished.project.parent / "said")[1]


def test_the_page_lists_these_changes() -> None:
    assert list(lines()) == list(CHANGES)


def test_no_rule_reads_a_rules_output_as_ancient() -> None:
    """ancient(rules.x.output[0]) marks the file itself, for each rule that reads it."""
    rules = {
        path.name: path.read_text(encoding="utf-8") for path in Path(ROOT, "workflow/rules").glob("*.smk")
    }
    assert not [name for name, text in rules.items() if re.search(r"=\s*ancient\(", text)]
