"""Sampling and transforms against brute force and against ANTs."""

import itertools

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from sadm.preprocess import space
from sadm.preprocess.space import (
    Grid,
    block_mean,
    prepared_grid,
    read_transform,
    sample,
    scaling,
    study_grid,
    translation,
    world_grid,
    write_transform,
)
from sadm.runtime.errors import ConfigError

ORIENTATIONS = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))


def noise(shape=(14, 17, 12), seed=0) -> nib.Nifti1Image:
    affine = np.array([[1.9, 0.3, 0, -9], [-0.2, 1.7, 0.4, -13], [0, -0.3, 2.2, -8], [0, 0, 0, 1]])
    return nib.Nifti1Image(np.random.default_rng(seed).random(shape, dtype=np.float32), affine)


def test_sample_is_trilinear_interpolation_in_the_world(planted):
    image, grid = noise(), Grid((15, 14, 13), translation([-8, -9, -7]) @ scaling(1.3))
    shift = planted.copy()
    shift[:3, 3] = (0.4, -0.7, 0.2)
    matrix = np.linalg.inv(image.affine) @ shift @ grid.affine
    wanted = ndimage.affine_transform(
        np.asarray(image.dataobj),
        matrix[:3, :3],
        matrix[:3, 3],
        output_shape=grid.shape,
        order=1,
        mode="nearest",
    )
    index = np.einsum("ij,j...->i...", matrix[:3, :3], np.indices(grid.shape)) + matrix[:3, 3].reshape(
        3, 1, 1, 1
    )
    size = np.reshape(image.shape, (3, 1, 1, 1))
    inside = ((index > -0.49) & (index < size - 0.51)).all(axis=0)
    outside = ((index < -0.51) | (index > size - 0.49)).any(axis=0)
    found = sample(image, grid, shift)
    assert inside.sum() > 1000
    np.testing.assert_allclose(found[inside], wanted[inside], atol=1e-5)
    assert (found[outside] == 0).all()


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
def test_axis_order_and_flips_play_no_part(reoriented, order, flips):
    image = noise()
    turned = reoriented(image, order, flips)
    grid = world_grid(image, 1.5)
    again = world_grid(turned, 1.5)
    assert again.shape == grid.shape
    np.testing.assert_allclose(again.affine, grid.affine, atol=1e-4)
    np.testing.assert_allclose(sample(turned, grid, factor=2), sample(image, grid, factor=2), atol=1e-5)


def test_sampling_by_a_factor_is_the_block_mean_of_the_finer_grid():
    image, fine = noise(), Grid((12, 9, 15), translation([-6, -7, -5]))
    coarse = fine.coarse(3)
    np.testing.assert_allclose(sample(image, coarse, factor=3), block_mean(sample(image, fine), 3), atol=1e-5)
    blocks = np.indices(fine.shape).reshape(3, 4, 3, 3, 3, 5, 3).mean(axis=(2, 4, 6)).reshape(3, -1)
    wanted = fine.affine[:3, :3] @ blocks + fine.affine[:3, 3:]
    index = np.indices(coarse.shape).reshape(3, -1)
    np.testing.assert_allclose(coarse.affine[:3, :3] @ index + coarse.affine[:3, 3:], wanted)


def test_block_mean_of_integers_is_their_mean():
    volume = np.arange(6 * 5 * 4, dtype=np.int16).reshape(6, 5, 4)
    found = block_mean(volume, 2)
    assert found.shape == (3, 2, 2)
    assert found[1, 1, 0] == volume[2:4, 2:4, 0:2].mean()


def test_world_grid_covers_every_voxel():
    image = noise()
    grid = world_grid(image, 2.5)
    index = np.indices(image.shape).reshape(3, -1)
    world = image.affine[:3, :3] @ index + image.affine[:3, 3:]
    on_grid = np.linalg.inv(grid.affine) @ np.vstack([world, np.ones(world.shape[1])])
    assert (on_grid[:3] >= -0.5).all()
    assert (on_grid[:3] <= np.reshape(grid.shape, (3, 1)) - 0.5).all()


def test_transform_is_stored_as_ants_reads_it(tmp_path, planted):
    from sadm.preprocess.affine import import_ants

    file = tmp_path / "x.mat"
    write_transform(planted, file)
    np.testing.assert_allclose(read_transform(file), planted, atol=1e-12)
    point = np.array([11.0, -23.0, 37.0, 1.0])
    lps = np.array([-1, -1, 1])
    moved = import_ants().read_transform(str(file)).apply_to_point((point[:3] * lps).tolist())
    np.testing.assert_allclose(np.array(moved) * lps, (planted @ point)[:3], atol=1e-4)


def test_study_grid_lies_on_the_atlas_and_is_centred_on_its_brain(phantom):
    grid = study_grid(phantom.brain, [192, 192, 160], 1.0)
    offset = np.linalg.inv(phantom.brain.affine) @ grid.affine
    np.testing.assert_allclose(offset[:3, 3], np.round(offset[:3, 3]))
    occupied = np.argwhere(np.asarray(phantom.brain.dataobj) > 0) - offset[:3, 3]
    middle = (occupied.min(axis=0) + occupied.max(axis=0)) / 2
    assert np.abs(middle - (np.array(grid.shape) - 1) / 2).max() <= 0.5


def test_prepared_grid_of_the_paper(phantom):
    fine = study_grid(phantom.brain, [192, 192, 160], 1.0)
    grid = prepared_grid(fine, 2, 15)
    assert grid.shape == (96, 96, 50)
    np.testing.assert_allclose(grid.affine[:3, :3], 2 * np.eye(3))
    np.testing.assert_allclose(grid.affine[:3, 3], fine.affine[:3, 3] + [0.5, 0.5, 30.5])


@pytest.mark.parametrize(("downsample", "crop"), [(7, 0), (2, 40), (4, 20)])
def test_an_impossible_grid_is_named(phantom, downsample, crop):
    fine = study_grid(phantom.brain, [192, 192, 160], 1.0)
    with pytest.raises(ConfigError, match=f"crop {crop}"):
        prepared_grid(fine, downsample, crop)


def test_slabs_and_the_whole_are_the_same(monkeypatch):
    image = nib.Nifti1Image(
        np.random.default_rng(0).random((20, 24, 30), dtype=np.float32), np.diag([1.0, 1, 1, 1])
    )
    grid = Grid((11, 12, 13), space.translation([3, 4, 5]) @ space.scaling(1.7))
    whole = {factor: space.sample(image, grid, factor=factor) for factor in (1, 3)}
    monkeypatch.setattr(space, "SAMPLES", 5000)
    for factor, values in whole.items():
        np.testing.assert_allclose(space.sample(image, grid, factor=factor), values, atol=1e-6)


@pytest.mark.parametrize("sizes", [(0.1, 0.1, 0.1), (0.1, 2.0, 0.3), (0.05, 1.0, 1.0)])
def test_a_far_finer_image_is_averaged_and_stays_in_place(sizes):
    shape = tuple(round(24 / size) for size in sizes)
    world = [
        ((np.arange(n) + 0.5) * size).reshape(np.roll([-1, 1, 1], a))
        for a, (n, size) in enumerate(zip(shape, sizes))
    ]
    ramp = np.broadcast_to(world[0] + 2 * world[1] + 3 * world[2], shape).astype(np.float32)
    affine = np.diag([*sizes, 1.0])
    affine[:3, 3] = np.array(sizes) / 2
    image, grid = (
        nib.Nifti1Image(ramp, affine),
        Grid((8, 8, 8), space.translation([5, 5, 5]) @ space.scaling(2.0)),
    )
    factor = space.factor_for(image, 2.0)
    assert factor > space.FINEST
    found = space.sample(image, grid, factor=factor)
    where = 5 + 2.0 * np.indices((8, 8, 8))
    np.testing.assert_allclose(found, where[0] + 2 * where[1] + 3 * where[2], rtol=2e-4)


def test_blocks_with_a_rest_keep_their_mean():
    image = nib.Nifti1Image(
        np.random.default_rng(0).random((7, 10, 3), dtype=np.float32), np.diag([0.5, 0.25, 2, 1.0])
    )
    found = space.pooled(image, 1.0)
    assert found.shape == (4, 3, 3)
    np.testing.assert_allclose(
        found.get_fdata()[3, 2], image.get_fdata()[6:, 8:].mean(axis=(0, 1)), rtol=1e-6
    )
    np.testing.assert_allclose(found.affine[:3, 3], [0.25, 0.375, 0])
