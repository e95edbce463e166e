"""The training loop: schedules, the checkpoint that is kept, a loss that is no number."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from sadm.methods.base import BaseMethod, Batch
from sadm.runtime.errors import ConfigError, ProcessingError
from sadm.training import checkpoint
from sadm.training import trainer as training

SETTINGS = {"amp": True, "validate_every": 1, "validation_slices": 2}


@pytest.mark.parametrize(
    ("name", "first", "peak", "last"),
    [("constant", 1, 1, 1), ("linear", 1, 1, 0.01), ("onecycle", 0.04, 1, 0)],
)
def test_schedules(name: str, first: float, peak: float, last: float) -> None:
    optimiser = torch.optim.Adam([torch.zeros(1, requires_grad=True)], 0.1)
    schedule, rates = training.scheduler(name, optimiser, 0.1, 400), []
    for _ in range(400):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert [rates[0], max(rates), rates[-1]] == pytest.approx([0.1 * first, 0.1 * peak, 0.1 * last], abs=5e-4)
    if name == "onecycle":
        assert np.argmax(rates) == 19, "5 % of the steps"
        assert np.allclose(np.diff(rates, 2)[[5, 100, 300]], 0), "straight lines"


@pytest.mark.parametrize("steps", [1, 2, 3, 19])
def test_the_shortest_trainings_have_a_schedule(steps: int) -> None:
    for name in ("constant", "linear", "onecycle"):
        optimiser = torch.optim.Adam([torch.zeros(1, requires_grad=True)], 0.1)
        schedule = training.scheduler(name, optimiser, 0.1, steps)
        for _ in range(steps):
            optimiser.step()
            schedule.step()


def test_an_unknown_schedule_is_named() -> None:
    with pytest.raises(ConfigError, match="cosine"):
        training.scheduler("cosine", torch.optim.Adam([torch.zeros(1, requires_grad=True)], 0.1), 0.1, 5)


class Walker(BaseMethod):
    """One weight that descends a parabola far too fast: its loss goes down and up."""

    def __init__(self, lr: float) -> None:
        super().__init__(SimpleNamespace(epochs=30, lr=lr, schedule="constant"), (4, 4))
        self.weight = torch.nn.Parameter(torch.tensor(3.0))

    def loss(self, batch: Batch) -> torch.Tensor:
        target = 0.3 * torch.rand((), generator=batch.generator)
        return (self.weight - batch.image.mean() - target) ** 2


class Fixed:
    """The same batch once an epoch."""

    def sizes(self) -> list[int]:
        return [2]

    def epoch(self, generator: torch.Generator) -> Any:
        zeros = torch.zeros(2, 1, 4, 4)
        yield Batch(zeros, None, zeros == 0, None, generator, zeros)


def walker(lr: float) -> training.Trainer:
    generator = torch.Generator().manual_seed(0)
    return training.Trainer(
        Walker(lr), Fixed(), list(Fixed().epoch(generator)), SETTINGS, nullcontext, generator, 5
    )  # type: ignore[arg-type]


def test_the_weights_of_the_lowest_validation_loss_are_kept(tmp_path: Path) -> None:
    trainer = walker(0.8)
    trainer.fit(checkpoint.States(tmp_path, "me"), 1)
    losses = [row[3] for row in trainer.curve]
    assert min(losses) < losses[-1], "the last weights are not the best: the test has something to find"
    trainer.method.load_state_dict(trainer.best)
    assert trainer.validation_loss() == min(losses) == trainer.validation_loss()


def test_a_loss_that_is_no_number_stops_the_training(tmp_path: Path) -> None:
    with pytest.raises(ProcessingError, match="diverged"):
        walker(float("inf")).fit(checkpoint.States(tmp_path, "me"), 1)
