"""Lesion-wise measures: equal to their definitions by flooding and all pairs of surface voxels."""

import itertools

import numpy as np
import pytest

from sadm.evaluation.lesions import measure

CASES = 500


def components(mask: np.ndarray) -> list[set[tuple[int, ...]]]:
    """26-connected components as sets of voxels, by flooding."""
    left, found = set(map(tuple, np.argwhere(mask).tolist())), []
    steps = [step for step in itertools.product((-1, 0, 1), repeat=3) if any(step)]
    while left:
        todo, part = [left.pop()], set()
        while todo:
            voxel = todo.pop()
            part.add(voxel)
            for step in steps:
                near = tuple(a + b for a, b in zip(voxel, step))
                if near in left:
                    left.remove(near)
                    todo.append(near)
        found.append(part)
    return found


def surface(part: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Voxels with a face neighbour that is not in the set."""
    faces = [tuple(sign * (axis == k) for k in range(3)) for axis in range(3) for sign in (-1, 1)]
    return [v for v in part if any(tuple(a + b for a, b in zip(v, f)) not in part for f in faces)]


def lesion_measures(found: np.ndarray, lesion: np.ndarray, spacing: float, tolerance: float) -> list[float]:
    """lesions, lesion_f1, sq, rq, pq, hd95, nsd, missed; ``tolerance`` in voxels."""
    true, ours = components(lesion), components(found)
    if not true:
        return [0, *[np.nan] * 7]
    hit = [part for part in true if any(part & other for other in ours)]
    false = [other for other in ours if not any(part & other for part in true)]
    ious = [len(a & b) / len(a | b) for a in true for b in ours if len(a & b) / len(a | b) > 0.5]
    f1 = 2 * len(hit) / (2 * len(hit) + len(true) - len(hit) + len(false))
    rq = len(ious) / (len(ious) + (len(true) - len(ious)) / 2 + (len(ours) - len(ious)) / 2)
    sq = sum(ious) / len(ious) if ious else 0.0
    diagonal = np.sqrt(sum(n * n for n in lesion.shape))
    if not ours:
        return [len(true), f1, sq, rq, sq * rq, spacing * diagonal, 0.0, 1.0]
    ours_surface = surface(set().union(*ours))
    wanted = [(voxel, part in hit) for part in true for voxel in surface(part)]
    # 26-connected lesions share no face, so that the surface of each is its part of the whole surface
    there = [min(_apart(v, w) for w in ours_surface) if seen else diagonal for v, seen in wanted]
    back = [min(_apart(v, w) for w, _ in wanted) for v in ours_surface]
    near = sum(d <= tolerance for d in there + back) / len(there + back)
    hd95 = spacing * max(np.percentile(there, 95), np.percentile(back, 95))
    return [len(true), f1, sq, rq, sq * rq, hd95, near, 1 - len(hit) / len(true)]


def _apart(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    return float(np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b))))


def case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A prediction and a label: random, empty, full, of one voxel, equal, or blobs apart; shapes differ."""
    draw = np.random.default_rng(seed)
    shape = tuple(draw.integers(2, 7, 3))
    kinds = [
        lambda: draw.random(shape) < draw.choice([0.05, 0.2, 0.5]),
        lambda: np.zeros(shape, bool),
        lambda: np.ones(shape, bool),
        lambda: np.arange(np.prod(shape)).reshape(shape) == draw.integers(np.prod(shape)),
        lambda: np.indices(shape).sum(axis=0) % 5 == draw.integers(5),
    ]
    found, lesion = (kinds[draw.choice(5, p=[0.5, 0.1, 0.1, 0.15, 0.15])]() for _ in range(2))
    return (lesion if seed % 10 == 0 else found), lesion


def test_equal_to_brute_force() -> None:
    seen = set()
    for seed in range(CASES):
        found, lesion = case(seed)
        spacing, tolerance = (2.0, 1.0) if seed % 2 else (1.5, 1.5)
        expected = lesion_measures(found, lesion, spacing, tolerance)
        np.testing.assert_allclose(
            measure(found, lesion, spacing, tolerance), expected, rtol=0, atol=1e-9, err_msg=str(seed)
        )
        seen.add((found.any(), lesion.any(), bool(found.all()), lesion.sum() == 1))
    assert {(True, True, False, False), (False, True, False, False), (True, False, False, False)} <= seen


def test_a_missed_lesion_counts_although_another_finding_is_near() -> None:
    lesion, found = np.zeros((2, 20, 20, 20), bool)
    lesion[2:6, 2:6, 2:6] = found[2:6, 2:6, 2:6] = True
    lesion[2:6, 2:6, 8:9] = True  # missed, two voxels from the finding
    all_found = measure(lesion, lesion, 2.0, 2.0)
    missed = measure(found, lesion, 2.0, 3.0)
    assert (all_found.hd95, all_found.nsd, all_found.lesion_f1, all_found.pq) == (0, 1, 1, 1)
    assert missed.hd95 == pytest.approx(2 * np.sqrt(3) * 20)
    assert missed.nsd == pytest.approx((56 + 56) / (56 + 56 + 16))
    assert missed.lesion_f1 == pytest.approx(2 / 3)
    assert (all_found.missed, missed.missed) == (0, 0.5)


def test_surface_distances_do_not_depend_on_the_spacing_by_rounding() -> None:
    """A block moved by ``shift`` voxels is within a tolerance of as many, at every spacing."""
    for tenths, shift in itertools.product(range(5, 41), (1, 2, 3)):
        spacing = tenths / 10
        lesion, moved = np.zeros((2, 16, 16, 16), bool)
        lesion[3:9, 3:9, 3:9] = moved[3 + shift : 9 + shift, 3:9, 3:9] = True
        made = measure(moved, lesion, spacing, shift)
        assert made.nsd == 1, (spacing, shift)
        assert made.hd95 == pytest.approx(spacing * shift)
        assert (
            measure(moved, lesion, spacing, shift - 0.5).nsd
            == measure(moved, lesion, 1.0, shift - 0.5).nsd
            < 1
        )
