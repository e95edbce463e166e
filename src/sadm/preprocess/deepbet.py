"""Brain masks by deepbet (Fisch et al. 2024), its two networks loaded once."""

from collections.abc import Callable

import nibabel as nib
import numpy as np

from sadm.preprocess.deferred import deferred


def stripper(threads: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function from a head [X, Y, Z] and its affine to deepbet's mask, bool [X, Y, Z]: all False if it finds no brain.

    It runs on the CPU. A mask does not hang on the heads before it.
    """
    import torch

    with deferred("pandas"):
        from deepbet import BrainExtraction
    torch.set_num_threads(threads)
    extraction = BrainExtraction(no_gpu=True)

    def strip(head: np.ndarray, affine: np.ndarray) -> np.ndarray:
        try:
            _, mask, _ = extraction.run(nib.Nifti1Image(head, affine))
        except (AssertionError, ValueError) as error:  # how deepbet says that there is nothing
            print(f"deepbet finds no brain: {error}")
            return np.zeros(head.shape, dtype=bool)
        return np.asarray(mask.dataobj) > 0

    return strip
