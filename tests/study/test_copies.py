"""A copy without file times is told from the folder itself and from a copy with them."""

import shutil
from pathlib import Path

import pytest

from sadm.study.copies import MARK, copied, mark


@pytest.mark.parametrize(("copy", "expected"), [(shutil.copy2, False), (shutil.copyfile, True)])
def test_a_copy_with_new_times_is_told(tmp_path: Path, copy, expected: bool) -> None:  # type: ignore[no-untyped-def]
    before, after = tmp_path / "results", tmp_path / "copy"
    before.mkdir()
    after.mkdir()
    assert not copied(before)
    mark(before)
    assert not copied(before)
    copy(before / MARK, after / MARK)
    assert copied(after) is expected
