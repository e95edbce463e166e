"""Each named error is in docs/errors.md, with its cause and what to do."""

import runpy
from pathlib import Path

import pytest

from sadm.runtime import errors

ROOT = Path(__file__).resolve().parents[2]
MAKE = runpy.run_path(str(ROOT / "docs" / "make.py"))
RAISED = [found for path in sorted((ROOT / "src/sadm").rglob("*.py")) for found in MAKE["raised"](path)]


def test_the_page_is_the_generated_one() -> None:
    written = (ROOT / "docs/errors.md").read_text(encoding="utf-8").partition(MAKE["MARK"])[2]
    assert written == MAKE["table"](), "run: make schema"


def test_every_class_is_used_and_listed() -> None:
    named = {
        name for name, value in vars(errors).items() if isinstance(value, type) and name != "SadmError"
    } - {"Path"}
    assert named <= {name for name, _ in RAISED}
    assert named <= MAKE["classes"]().keys()


@pytest.mark.parametrize("found", RAISED, ids=lambda found: f"{found[0]}: {found[1]['what'][:50]}")
def test_every_error_says_what_to_do(found: tuple[str, dict[str, str]]) -> None:
    name, parts = found
    assert parts["what"]
    assert parts["fix"] or name == "Unusable", "its fix is `nifti.FIX` where none is given"


def test_the_words_of_an_error_are_read_from_the_source(tmp_path: Path) -> None:
    source = 'def f(x):\n    cause = f"it has {x}"\n    raise DataError("A " + "b.", cause=cause, fix="mend")\n    cause = "later"\n'
    (tmp_path / "a.py").write_text(source)
    assert MAKE["raised"](tmp_path / "a.py") == [
        ("DataError", {"what": "A b.", "cause": "it has <x>", "fix": "mend"})
    ]
