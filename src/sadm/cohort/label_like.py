"""Whether voxels are intensities of a scan, or the numbers of a mask or a map of labels."""

import numpy as np

FEW = 256  # different whole numbers: more are intensities
SAME = 0.75  # share of neighbours that are equal in a map of labels: in scans of 8 bits under a half


def no_intensities(data: np.ndarray) -> str:
    """Why ``data`` [X, Y, Z] is no scan but a mask or a map of labels, "" if it may be a scan.

    A mask has two values. A map of labels has few whole numbers, and most voxels that are not 0 have their neighbour's.
    """
    some = data.ravel()[:: max(1, data.size // 100_000)]
    values = np.unique(some)
    if len(values) > FEW or len(values := np.unique(data)) > FEW:
        return ""
    if len(values) <= 2:
        return f"a mask, no T1: its only values are {' and '.join(f'{value:g}' for value in values)}"
    if (values != values.round()).any():
        return ""
    first, second = data[:-1], data[1:]
    inside = (first != 0) & (second != 0)
    if not inside.any() or (first == second)[inside].mean() < SAME:
        return ""
    return f"a map of labels, no T1: its only values are {len(values)} whole numbers, in areas"
