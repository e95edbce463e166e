"""Where the numbers come from: weights tell their model, inputs are summed by data set."""

from pathlib import Path

import pytest
from small_report import cell, weights
from small_study import text

from sadm.report import origin
from sadm.report.material import Material
from sadm.runtime.errors import DataError
from sadm.runtime.files import digest


def test_weights_are_listed_by_what_they_tell(tmp_path: Path):
    files = [weights(tmp_path / f"{name}.safetensors", model) for name, model in (("x", "unet"), ("y", "ae"))]
    made = origin.weight_sums(files)
    assert cell(made, "ae", 4).text == digest(files[1])
    assert [cell(made, "unet", k).text for k in (1, 2)] == ["0", "1"]


@pytest.mark.parametrize("content", ["", "no weights"])
def test_weights_that_do_not_tell_are_named(tmp_path: Path, content: str):
    file = text(tmp_path / "w.safetensors", content)
    with pytest.raises(DataError, match="do not tell what they are of") as error:
        origin.told(file)
    assert error.value.file == file


def test_inputs_do_not_depend_on_the_order_of_the_sheets(given: Material):
    one, other = (origin.input_sums(files, {}) for files in (given.sheets, given.sheets[::-1]))
    assert cell(one, "ixi", 2) == cell(other, "ixi", 2)
    assert cell(one, "les", 1).text == "2"


def test_the_pins_of_this_environment_are_compared(given: Material):
    states = [row[2].text for row in origin.packages(given.lock).bodies[0].rows]
    assert "as pinned" in states
