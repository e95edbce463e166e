"""Simplex noise equals the released noise, a point-wise definition, and itself however it is batched."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from sadm.anomalies.simplex import DIRECTIONS, SimplexNoise, permutation


def test_golden(golden: Path) -> None:
    noise = SimplexNoise((96, 96))
    for seed, wanted in json.loads((golden / "simplex.json").read_text()).items():
        order = permutation(int(seed))
        assert order[:10].tolist() == wanted["perm_head"]
        assert order[-4:].tolist() == wanted["perm_tail"]
        field = noise.field(torch.from_numpy(order)[None], torch.float64)[0, 0]
        for point, value in wanted["pts"].items():
            y, x = json.loads(point.replace("(", "[").replace(")", "]"))
            assert float(field[y, x]) == pytest.approx(value, abs=1e-9)
        found = [field.sum(), field.std(correction=0), field.min(), field.max()]
        assert found == pytest.approx([wanted[name] for name in ("sum", "std", "min", "max")], abs=1e-9)


def simplex(x: float, y: float, order: list[int]) -> float:
    """One octave at one point, by its definition."""
    squish, total = (math.sqrt(3) - 1) / 2, 0.0
    stretched = (x + y) * (1 / math.sqrt(3) - 1) / 2
    i0, j0 = math.floor(x + stretched), math.floor(y + stretched)
    for i in range(i0 - 1, i0 + 3):
        for j in range(j0 - 1, j0 + 3):
            dx, dy = x - i - (i + j) * squish, y - j - (i + j) * squish
            gx, gy = DIRECTIONS[(order[(order[i % 256] + j) % 256] & 14) // 2]
            total += max(0.0, 2 - dx * dx - dy * dy) ** 4 * (gx * dx + gy * dy) / 47
    return total


def test_against_the_definition_on_a_wide_grid() -> None:
    order = np.random.default_rng(1).permutation(256)
    field = SimplexNoise((5, 700), octaves=3, persistence=0.5, frequency=4).field(
        torch.from_numpy(order)[None], torch.float64
    )
    assert field.shape == (1, 1, 5, 700)
    for y, x in [(0, 0), (4, 3), (2, 350), (4, 699), (1, 698)]:
        octaves = [0.5**k * simplex(x * 2**k / 4, y * 2**k / 4, order.tolist()) for k in range(3)]
        assert float(field[0, 0, y, x]) == pytest.approx(sum(octaves), abs=1e-12)


@pytest.mark.parametrize("seed", [0, -123456789, 9999999999, -10000000000])
def test_permutation_holds_every_number_once(seed: int) -> None:
    assert sorted(permutation(seed).tolist()) == list(range(256))


def test_fields_are_independent_or_shared() -> None:
    noise = SimplexNoise((24, 40))
    fields = noise(3, torch.Generator().manual_seed(5))
    assert fields.shape == (3, 1, 24, 40)
    assert fields.dtype == torch.float32
    assert (fields[0] - fields[1]).std() > 0.3
    assert not fields[:, :, 0, 0].any()
    assert torch.equal(fields, noise(3, torch.Generator().manual_seed(5)))
    same = noise(3, torch.Generator().manual_seed(5), shared=True)
    assert same.shape == (3, 1, 24, 40)
    assert torch.equal(same[0], same[2])
    assert torch.equal(same[0], noise(1, torch.Generator().manual_seed(5))[0])


def test_batch_equals_single_fields_in_double_precision() -> None:
    noise = SimplexNoise((24, 24))
    orders = torch.from_numpy(np.stack([permutation(seed) for seed in range(4)]))
    alone = torch.cat([noise.field(order[None], torch.float64) for order in orders])
    torch.testing.assert_close(noise.field(orders).double(), alone, rtol=0, atol=2e-6)


def test_spread_of_many_fields() -> None:
    fields = SimplexNoise((96, 96))(200, torch.Generator().manual_seed(2))
    assert float(fields.std()) == pytest.approx(0.59, abs=0.03)
    assert float(fields.mean((1, 2, 3)).std()) == pytest.approx(0.22, abs=0.04)
