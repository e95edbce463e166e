"""The loop that all methods are trained by: schedule, precision, validation, curve, checkpoint, resume.

The method brings its optimiser. After every ``validate_every`` epochs the validation slices, drawn once from a fixed seed, are
scored with the same draws of t and noise each time, and the weights with the lowest loss are kept (paper, Appendix B; the
released code drew new ones, which made the choice noisy).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR, LinearLR, LRScheduler, OneCycleLR

from sadm.methods.base import BaseMethod, Batch
from sadm.runtime.errors import ConfigError, ProcessingError
from sadm.runtime.progress import Progress
from sadm.runtime.terminate import TERMINATED, deferred_sigterm
from sadm.training import checkpoint
from sadm.training.batches import Bank, Slices

# At each validation; train_loss: mean since the last one.
CURVE = ("epoch", "step", "train_loss", "val_loss", "lr")
SHORTEST_CYCLE = 100  # steps; a shorter training runs the beginning of such a cycle


def scheduler(name: str, optimiser: torch.optim.Optimizer, lr: float, steps: int) -> LRScheduler:
    """Learning rate over ``steps``: constant, linear (lr to 1 % of it) or onecycle (5 % warm-up to lr, then to about 0).

    Raises ConfigError for another name.
    """
    if name == "constant":
        return LambdaLR(optimiser, lambda step: 1.0)
    if name == "linear":
        return LinearLR(optimiser, 1.0, 0.01, steps)
    if name == "onecycle":
        return OneCycleLR(optimiser, lr, max(steps, SHORTEST_CYCLE), pct_start=0.05, anneal_strategy="linear")
    raise ConfigError(f"There is no schedule {name!r}.", fix="use constant, linear or onecycle")


class Trainer:
    """Trains one method on batches of ``source``, and picks the weights by the loss on the batches of ``validation``.

    ``precision`` makes the autocast context of a forward pass; ``draws`` and ``validation_seed`` seed the training and
    the validation draws; ``settings`` is the config section `training`.
    """

    def __init__(
        self,
        method: BaseMethod,
        source: Slices | Bank,
        validation: Sequence[Batch],
        settings: Mapping[str, Any],
        precision: Callable[[], AbstractContextManager[Any]],
        draws: torch.Generator,
        validation_seed: int,
    ) -> None:
        self.method, self.source, self.validation, self.settings = method, source, validation, settings
        self.precision, self.draws, self.validation_seed = precision, draws, validation_seed
        hyper = method.hyper
        self.steps = hyper.epochs * len(source.sizes())
        self.optimiser = method.optimiser()
        self.scheduler = scheduler(hyper.schedule, self.optimiser, hyper.lr, self.steps)
        self.epoch, self.step, self.lr = 0, 0, hyper.lr
        self.running = torch.zeros(2, dtype=torch.float64, device=draws.device)  # sum of losses, count
        self.curve: list[list[float]] = []
        self.best: dict[str, Tensor] = {}
        self.lowest = float("inf")

    def fit(self, states: checkpoint.States, checkpoint_every: int) -> None:
        """Train to the last epoch, from the newest of ``states``; `best` then holds the weights.

        A state is saved every ``checkpoint_every`` epochs. After SIGTERM the epoch is finished, its state saved, and the
        process left with exit code 143: who starts it again goes on from there.
        """
        self.resume(states)
        progress = Progress(self.steps, self.step)
        with deferred_sigterm() as asked:
            while self.epoch < self.method.hyper.epochs:
                self._pass(progress)
                self.epoch += 1
                last = self.epoch == self.method.hyper.epochs
                if last or self.epoch % self.settings["validate_every"] == 0:
                    self._validate()
                stop = asked() and not last
                if stop or (not last and self.epoch % checkpoint_every == 0):
                    self.save(states)
                if stop:
                    print(f"SIGTERM: saved after epoch {self.epoch}, to go on from.", file=sys.stderr)
                    raise SystemExit(TERMINATED)

    def _pass(self, progress: Progress) -> None:
        self.method.train()
        for batch in self.source.epoch(self.draws):
            with self.precision():
                loss = self.method.loss(batch)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.method.limit_gradients()
            self.optimiser.step()
            self.lr = self.optimiser.param_groups[0]["lr"]
            self.scheduler.step()
            self.running[0] += loss.detach()
            self.running[1] += 1
            self.step += 1
            progress(self.step, lambda: f"loss {self._mean_loss():.4f}")

    def _mean_loss(self) -> float:
        total, count = self.running.tolist()
        return total / max(count, 1)

    @torch.no_grad()
    def validation_loss(self) -> float:
        """Mean loss over the validation slices, in eval mode, with the same draws each time."""
        self.method.eval()
        generator = torch.Generator(self.draws.device).manual_seed(self.validation_seed)
        total = torch.zeros((), dtype=torch.float64, device=self.draws.device)
        for batch in self.validation:
            with self.precision():
                total += self.method.loss(replace(batch, generator=generator)) * len(batch)
        return total.item() / sum(map(len, self.validation))

    def _validate(self) -> None:
        loss, trained = self.validation_loss(), self._mean_loss()
        if not torch.tensor([loss, trained]).isfinite().all():
            cause = f"training loss {trained}, validation loss {loss} after epoch {self.epoch}"
            raise ProcessingError(
                "The training diverged.", cause=cause, fix="lower the learning rate of the method in `hyper`"
            )
        self.curve.append([self.epoch, self.step, trained, loss, self.lr])
        self.running.zero_()
        if loss < self.lowest:
            self.lowest = loss
            self.best = {name: value.clone() for name, value in self.method.state_dict().items()}

    def save(self, states: checkpoint.States) -> None:
        """Write all that training goes on from."""
        tensors = {f"weights/{k}": v for k, v in self.method.state_dict().items()}
        tensors |= {f"best/{k}": v for k, v in self.best.items()}
        tensors |= {f"optimiser/{k}": v for k, v in checkpoint.optimiser_tensors(self.optimiser).items()}
        tensors |= {"draws": self.draws.get_state(), "running": self.running}
        meta = {
            "epoch": self.epoch,
            "step": self.step,
            "curve": self.curve,
            "lowest": self.lowest,
        }
        meta |= {
            "groups": self.optimiser.state_dict()["param_groups"],
            "scheduler": self.scheduler.state_dict(),
        }
        states.save(tensors, meta)

    def resume(self, states: checkpoint.States) -> None:
        """Go on from the newest of ``states`` if there is one."""
        found = states.load()
        if found is None:
            return
        tensors, meta = found

        def part(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        self.method.load_state_dict(part("weights/"))
        self.best = {k: v.to(self.draws.device) for k, v in part("best/").items()}
        checkpoint.restore_optimiser(self.optimiser, part("optimiser/"), meta["groups"])
        self.scheduler.load_state_dict(meta["scheduler"])
        self.draws.set_state(tensors["draws"])
        self.running.copy_(tensors["running"])
        self.epoch, self.step, self.curve, self.lowest = (
            meta[k] for k in ("epoch", "step", "curve", "lowest")
        )
        print(f"Resumed after epoch {self.epoch} of {self.method.hyper.epochs}.", file=sys.stderr)
