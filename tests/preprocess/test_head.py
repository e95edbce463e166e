"""The frame of the array: the same for every order, tilt and origin of a head; the header is in the map."""

import itertools

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sadm.preprocess.head import Head, turns
from sadm.preprocess.intensities import Intensities
from sadm.preprocess.space import Grid, block_mean

ORDERS = [
    np.array([[axis, flip] for axis, flip in zip(order, flips)], dtype=float)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


@pytest.fixture
def head() -> nib.Nifti1Image:
    values = np.random.default_rng(0).random((5, 6, 7), dtype=np.float32)
    affine = np.diag([-0.9375, 0.9375, 1.2, 1.0])
    affine[:3, 3] = [70.1, -113.7, 33.3]
    return nib.Nifti1Image(values, affine)


def stored(image: nib.Nifti1Image) -> nib.Nifti1Image:
    """``image`` as a file gives it back: the affine has been float32."""
    return nib.Nifti1Image.from_bytes(image.to_bytes())


def canonical(image: nib.Nifti1Image) -> tuple[bytes, bytes]:
    """Voxels and affine in the frame of the array, axes in the order R, A, S."""
    found = nib.as_closest_canonical(Head.of(image).image)
    return np.asarray(found.dataobj).tobytes(), np.round(found.affine, 9).tobytes()


def test_24_rotations_the_identity_first():
    found = turns()
    assert len({matrix.tobytes() for matrix in found}) == 24
    np.testing.assert_array_equal(found[0], np.eye(3))
    assert all(np.isclose(np.linalg.det(matrix), 1) for matrix in found)


def test_48_orders_have_one_frame(head):
    found = [Head.of(stored(head.as_reoriented(order))) for order in ORDERS]
    assert len({canonical(stored(head.as_reoriented(order))) for order in ORDERS}) == 1
    for each in found:
        np.testing.assert_allclose(each.to_world, found[0].to_world, atol=1e-4)
        assert each.coarse(2.0).image.shape == found[0].coarse(2.0).image.shape


@pytest.mark.parametrize("degrees", [3, 20, 44.9, 45, -45])
@pytest.mark.parametrize("axis", "xyz")
def test_a_tilt_of_the_header_is_in_the_map_alone(head, axis, degrees):
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    turn[:3, 3] = [3, -8, 21]
    tilted = stored(nib.Nifti1Image(head.dataobj, turn @ head.affine))
    assert canonical(tilted) == canonical(head)
    found = Head.of(tilted)
    to_world = found.to_world
    np.testing.assert_allclose(to_world @ found.image.affine, tilted.affine, atol=1e-4)
    np.testing.assert_allclose(to_world[:3, :3] @ to_world[:3, :3].T, np.eye(3), atol=1e-9)


def test_a_sheared_header_is_kept(head):
    shear = np.eye(4)
    shear[0, 1] = 0.2
    sheared = nib.Nifti1Image(head.dataobj, shear @ head.affine)
    found = Head.of(sheared)
    np.testing.assert_allclose(found.to_world @ found.image.affine, sheared.affine, atol=1e-9)
    assert np.linalg.det(found.to_world) == pytest.approx(1)


def test_a_head_is_sampled_in_its_world_whatever_its_header(head):
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("x", 20, degrees=True).as_matrix()
    tilted = Head.of(nib.Nifti1Image(head.dataobj, turn @ head.affine))
    own = Grid.of(head)
    found = tilted.sample(own, turn)
    values = Intensities(np.asarray(head.dataobj, dtype=np.float32)).common()
    np.testing.assert_allclose(found, values, atol=1e-3)
    np.testing.assert_array_equal(tilted.sample(own, turn, points=True), found)
    block = Grid.of(head).coarse(2)
    means = block_mean(values, 2)
    np.testing.assert_allclose(tilted.sample(block, turn), means, atol=1e-3)
    assert not np.allclose(tilted.sample(block, turn, points=True)[0, 0, 0], head.dataobj[0, 0, 0])
