"""RD: sizes of its networks, its two cosines, and the teacher that training leaves as it is."""

import math

import pytest
import torch
from torch import Tensor, nn

from sadm.methods import rd
from sadm.methods.base import Batch, build
from sadm.networks.imagenet import extractor
from sadm.networks.reverse_distillation import Doubling, Student, global_distance, pixel_distance
from sadm.prediction.score import Scoring
from sadm.runtime.errors import ConfigError

SHAPE = (24, 40)


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(**hyper: object) -> rd.Method:
    small = {"size": 64, "backbone_width": 4, "backbone_layers": (1, 2, 1)}
    method = build("rd", small | hyper, SHAPE)
    assert isinstance(method, rd.Method)
    method.score = Scoring(1.0, 1)
    return method


def batch() -> Batch:
    image = torch.rand(4, 1, *SHAPE, generator=draws())
    return Batch(image, None, image > 0.4, None, draws(1), image)


def count(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


class Perfect(nn.Module):
    """Gives the teacher's features back."""

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        return features


def test_number_of_parameters() -> None:
    with torch.device("meta"):
        method = rd.Method(rd.Hyper(), (96, 96))
    assert count(method.teacher) == 24_862_528
    assert count(method.student.gather, method.student.code) == 58_885_120
    assert count(method.student.decoder) == 24_917_504
    trained = [p for p in method.parameters() if p.requires_grad]
    assert sum(p.numel() for p in trained) == count(method.student)


def test_sizes_at_full_size() -> None:
    with torch.device("meta"):
        student = Student()
        features = [torch.empty(2, c, n, n) for c, n in ((256, 24), (512, 12), (1024, 6))]
        gathered = [way(f) for way, f in zip(student.gather, features)]
        code = student.code(torch.cat(gathered, 1))
        assert [g.shape for g in gathered] == [(2, 1024, 6, 6)] * 3
        assert code.shape == (2, 2048, 3, 3)
        assert [d.shape for d in student(features)] == [f.shape for f in features]


def test_first_block_of_a_stage_doubles_by_transposed_convolutions() -> None:
    with torch.device("meta"):
        student = Student()
    firsts = [part[0] for part in student.decoder]  # type: ignore[index]
    assert all(isinstance(first, Doubling) for first in firsts)
    transposed = [m for m in student.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert len(transposed) == 2 * len(firsts)
    assert all((m.kernel_size, m.stride, m.bias) == ((2, 2), (2, 2), None) for m in transposed)
    assert [len(part) for part in student.decoder] == [3, 4, 6]  # type: ignore[arg-type]


def test_every_parameter_is_used() -> None:
    method = make()
    method.loss(batch()).backward()
    assert [name for name, p in method.student.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("size", [0, 80])
def test_size_must_fit(size: int) -> None:
    with torch.device("meta"), pytest.raises(ConfigError, match=f"size {size} does not fit.*\n.*\n.*of 32"):
        rd.Method(rd.Hyper(size=size), (96, 96))


def test_cosines_by_hand() -> None:
    a, b = torch.randn(2, 3, 4, 2, 5, generator=draws()).unbind()

    def cosine(u: list[float], v: list[float]) -> float:
        lengths = math.sqrt(sum(x * x for x in u)) * math.sqrt(sum(y * y for y in v))
        return sum(x * y for x, y in zip(u, v)) / lengths

    whole = [1 - cosine(u.flatten().tolist(), v.flatten().tolist()) for u, v in zip(a, b)]
    torch.testing.assert_close(global_distance(a, b), torch.tensor(whole))
    found = pixel_distance(a, b)
    assert found.shape == (3, 1, 2, 5)
    for n, i, j in ((0, 0, 0), (1, 1, 3), (2, 0, 4)):
        at = 1 - cosine(a[n, :, i, j].tolist(), b[n, :, i, j].tolist())
        assert float(found[n, 0, i, j]) == pytest.approx(at, abs=1e-5)


def test_loss_is_the_sum_over_stages_of_the_mean_over_slices() -> None:
    method, given = make().eval(), batch()
    wanted = method.features(given.image)
    drawn = method.student(wanted)
    total = sum(global_distance(d, w)[n].item() for d, w in zip(drawn, wanted) for n in range(4)) / 4
    assert method.loss(given).item() == pytest.approx(total, rel=1e-5)


def test_perfect_student_has_no_loss_and_an_empty_map() -> None:
    method, given = make().eval(), batch()
    method.student = Perfect()  # type: ignore[assignment]
    torch.testing.assert_close(method.loss(given), torch.zeros(()), rtol=0, atol=1e-5)
    found = method.anomaly_map(given.image[:, 0], given.brain[:, 0], None)
    torch.testing.assert_close(found, torch.zeros(4, *SHAPE), rtol=0, atol=1e-5)


def test_map_has_the_volumes_grid_and_sums_the_stages() -> None:
    method, volume = make().eval(), batch().image[:, 0]

    class Opposite(Perfect):
        def forward(self, features: list[Tensor]) -> list[Tensor]:
            return [-f for f in features]

    method.student = Opposite()  # type: ignore[assignment]
    found = method.anomaly_map(volume, torch.ones_like(volume) > 0, None)
    torch.testing.assert_close(found, torch.full((4, *SHAPE), 6.0), rtol=0, atol=1e-4)


def test_teacher_is_not_changed_by_training() -> None:
    method = make()
    before = {name: t.clone() for name, t in method.teacher.state_dict().items()}
    student = {name: t.clone() for name, t in method.student.state_dict().items()}
    optimiser = method.train().optimiser()
    assert not any(m.training for m in method.teacher.modules())
    for _ in range(2):
        method.loss(batch()).backward()
        optimiser.step()
    assert all(torch.equal(t, before[name]) for name, t in method.teacher.state_dict().items())
    assert not any(torch.equal(t, student[name]) for name, t in method.student.state_dict().items())
    assert all(p.grad is None for p in method.teacher.parameters())


def test_adopts_the_weights_of_its_teacher_only() -> None:
    method = make()
    torch.manual_seed(9)
    given = extractor("wide_resnet50_2", 4, (1, 2, 1)).state_dict()
    method.adopt(given)
    assert all(torch.equal(t, given[name]) for name, t in method.teacher.state_dict().items())
    for other in (extractor("wide_resnet50_2", 8, (1, 2, 1)), extractor("wide_resnet50_2", 4, (1, 1, 1))):
        with pytest.raises(ConfigError, match=r"hyper\.rd\.backbone_width and \.backbone_layers"):
            method.adopt(other.state_dict())
