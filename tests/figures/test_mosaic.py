"""Slices are the right way round."""

import numpy as np

from sadm.figures.mosaic import radiological


def test_the_patients_right_is_left_and_anterior_on_top():
    axial = np.zeros((4, 5))
    axial[3, 4] = 1  # right, anterior
    assert radiological(axial)[0, 0] == 1
