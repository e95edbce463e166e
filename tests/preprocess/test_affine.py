"""The affine registration: levels that cannot be, and ANTs that gives up."""

import nibabel as nib
import numpy as np
import pytest

from sadm.preprocess import affine as module
from sadm.preprocess.affine import affine
from sadm.runtime.errors import ConfigError

BLANK = nib.Nifti1Image(np.zeros((4, 4, 4), dtype=np.float32), np.eye(4))


@pytest.mark.parametrize("iterations", [[], [0, 0], [1, 1, 1, 1, 1]])
def test_levels_that_are_not_possible_are_named(iterations):
    with pytest.raises(ConfigError, match="levels"):
        affine(BLANK, BLANK, iterations, 1, 0.2)


def test_a_registration_that_gives_up_leaves_the_identity(monkeypatch, capsys):
    class Ants:
        def from_numpy(self, *args, **kwargs):
            return None

        def registration(self, *args, **kwargs):
            raise RuntimeError("Registration failed with error code 1")

    monkeypatch.setattr(module, "import_ants", Ants)
    np.testing.assert_array_equal(affine(BLANK, BLANK, [5], 1, 0.2), np.eye(4))
    assert "error code 1" in capsys.readouterr().out
