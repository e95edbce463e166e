"""Prints find copies whose values were scaled or shifted, and nothing else."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.cohort import prints
from sadm.runtime.files import load_nifti

AFFINE = np.diag([2.0, 2, 2, 1])


def head(seed: int, noise: float = 0.02) -> np.ndarray:
    """A ball with structure of its own and noise, 0 outside."""
    grid = np.indices((40, 44, 36)) - np.array([19.5, 21.5, 17.5]).reshape(3, 1, 1, 1)
    own, scan = np.random.default_rng(seed // 10), np.random.default_rng(seed)
    waves = sum(
        np.cos((own.normal(0, 0.5, 3).reshape(3, 1, 1, 1) * grid).sum(0) + own.uniform(0, 6))
        for _ in range(4)
    )
    values = 1000 + 200 * waves + 1000 * noise * scan.standard_normal(grid.shape[1:])
    return np.where((grid**2).sum(0) < 16**2, values, 0).astype(np.float32)


def image(data: np.ndarray, affine: np.ndarray = AFFINE) -> nib.Nifti1Image:
    return nib.Nifti1Image(data.astype(np.float32), affine)


def found(*images: nib.Nifti1Image) -> list[tuple[str, str]]:
    return [
        pair[:2] for pair in prints.copies({str(n): prints.print_of(each) for n, each in enumerate(images)})
    ]


COPIES = {
    "scaled to 1": lambda x: x / x.max(),
    "shifted": lambda x: 3.7 * x - 1024,
    "z-scored": lambda x: (x - x.mean()) / x.std(),
    "in 8 bits": lambda x: (x / x.max() * 255).round(),
    "with margins": lambda x: np.pad(2 * x, 5),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found(name: str) -> None:
    assert found(image(head(10)), image(COPIES[name](head(10))), image(head(20))) == [("0", "1")]


def test_a_copy_whose_axes_are_stored_another_way_is_found() -> None:
    turned = np.array([[0, 0, -2.0, 0], [2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]])
    stored = np.ascontiguousarray(head(10).transpose(1, 2, 0)[:, :, ::-1])
    assert found(image(head(10)), image(stored / 7, turned)) == [("0", "1")]


def test_two_sessions_of_a_person_are_no_copies() -> None:
    assert found(*(image(head(seed)) for seed in (10, 11, 12))) == []


def test_images_without_contrast_have_no_print() -> None:
    flat = image(np.full((9, 9, 9), 7))
    assert prints.print_of(flat) == ""
    assert found(flat, flat) == []
    assert found() == []


def test_a_block_is_compared_with_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prints, "BLOCK", 2)
    images = [image(head(10 * (n % 3 + 1)) * (n + 1)) for n in range(6)]
    assert found(*images) == [("0", "3"), ("1", "4"), ("2", "5")]


def test_no_two_real_heads_are_copies(shared_data: Path) -> None:
    heads = {path.name: load_nifti(path) for path in sorted((shared_data / "IXI-T1").glob("*.nii.gz"))[:40]}
    made = {name: prints.print_of(each) for name, each in heads.items()}
    assert list(prints.copies(made)) == []
    first = next(iter(heads))
    data = heads[first].get_fdata(dtype=np.float32)
    made["copy"] = prints.print_of(nib.Nifti1Image((data / data.max() * 255).round(), heads[first].affine))
    noise = np.random.default_rng(0).normal(0, 0.015 * np.percentile(data, 95), data.shape)
    made["session"] = prints.print_of(nib.Nifti1Image((data + noise).astype(np.float32), heads[first].affine))
    assert [pair[:2] for pair in prints.copies(made)] == [(first, "copy")]
