"""Time of a training step, beside its networks' forward and backward alone and a naive loop over the samples.

    python benchmarks/training.py [--device cpu|cuda] [--size small|paper] [--repeats 5]

Prints JSON. "networks" is forward, backward and optimiser on ready tensors: the floor. "whole" is all of a step:
drawing slices, augmentation, anomaly, noise, forward, backward, optimiser. "naive" makes the samples one by one, each
augmented by torchio as a whole volume, painted and reconstructed alone, and then runs the same networks on the batch.
Times are medians in ms: wall time on CUDA, CPU time (so that a busy machine counts less) on the CPU.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import torch

from sadm.methods.base import BaseMethod, Batch, build
from sadm.runtime.devices import autocast
from sadm.study import registry
from sadm.training.batches import Bank, Slices, Store
from sadm.training.train import slices_of

AUGMENT = {"augment_gamma": 0.5, "augment_bias": 0.25, "augment_blur": 0.25, "augment_ghosting": 0.5}
SIZES: dict[str, dict[str, Any]] = {
    "small": {
        "volumes": (24, 25, 48, 48), "spacing": 4.0, "batch": 16,
        "cddpm": {"channels": [16, 32, 32], "res_blocks": 1, "groups": 8, "head_channels": 16, "condition": 64,
                  "encoder_layers": [1, 1, 1, 1], "encoder_width": 16},
        "unet": {"channels": [16, 32, 64], "bank": 64}, "unet_res": {"channels": [8, 16, 32], "bank": 64},
    },
    "paper": {"volumes": (64, 50, 96, 96), "spacing": 2.0, "batch": 32, "cddpm": {}, "unet": {}, "unet_res": {}},
}  # fmt: skip


def store(volumes: tuple[int, ...], device: torch.device) -> Store:
    """Random smooth volumes with a round brain and no lesion."""
    n, depth, width, height = volumes
    coarse = torch.rand(n, 1, 6, 8, 8, generator=torch.Generator().manual_seed(0))
    t1 = torch.nn.functional.interpolate(coarse, (depth, width, height), mode="trilinear")[:, 0]
    x, y = torch.meshgrid(torch.linspace(-1, 1, width), torch.linspace(-1, 1, height), indexing="ij")
    brain = (x**2 + y**2 < 0.8).expand(volumes)
    return Store(
        (t1 * brain).half().to(device),
        brain.to(device),
        torch.zeros_like(brain, dtype=torch.uint8).to(device),
    )


class Step:
    """One optimiser step of a method on batches of a store."""

    def __init__(self, name: str, size: dict[str, Any], device: torch.device) -> None:
        self.device, self.precision, self.spacing = device, autocast(device, True), size["spacing"]
        self.store = store(size["volumes"], device)
        hyper = size[name] | {"batch": size["batch"], "slices": 8}
        needs = {
            need: self._built(need, size[need]).eval().requires_grad_(False)
            for need in registry.method(name).needs
        }
        self.method = self._built(name, hyper | AUGMENT, needs)
        self.optimiser = torch.optim.Adam(self.method.parameters(), 1e-4, fused=True)
        recipe = {"max_scale": 4} if self.method.declares.trains_on == "labels" else None
        self.slices: Slices = slices_of(self.method, self.store, recipe, self.spacing, self.precision)
        self.draws = torch.Generator(device).manual_seed(1)
        self.source: Slices | Bank = self.slices
        if self.method.hyper.bank:
            self.source = Bank(self.slices, self.method.hyper.bank, self.draws)
        self.ready = next(iter(self.source.epoch(self.draws)))
        self.batches = self._forever()

    def _built(
        self, name: str, hyper: dict[str, Any], needs: dict[str, BaseMethod] | None = None
    ) -> BaseMethod:
        shape = self.store.slice_shape
        return build(name, hyper, shape, needs).placed(self.device)

    def _forever(self) -> Any:
        while True:
            yield from self.source.epoch(self.draws)

    def learn(self, loss: Callable[[], torch.Tensor]) -> None:
        with self.precision():
            value = loss()
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        self.optimiser.step()

    def whole(self) -> None:
        batch = next(self.batches)
        self.learn(lambda: self.method.loss(batch))

    def networks(self) -> None:
        """The same networks on ready tensors: no drawing, no noise."""
        image, draws, method = self.ready.image, self.draws, self.method
        if hasattr(method, "encoder"):
            t = torch.full((len(image),), 500, device=self.device)
            self.learn(
                lambda: (method.unet(image, t, method.encoder(image, draws)).float() - image).abs().mean()
            )  # type: ignore[operator]
        else:
            self.learn(lambda: method.loss(self.ready))

    def naive(self) -> None:
        """Samples made one by one, torchio on whole volumes; the networks on the whole batch."""
        made = [self._single() for _ in range(len(self.ready))]

        def cat(field: str) -> Any:
            parts = [getattr(one, field) for one in made]
            return None if parts[0] is None else torch.cat(parts)

        names = ("image", "label", "brain", "context")
        batch = Batch(*map(cat, names), self.draws, cat("original"))
        self.learn(lambda: self.method.loss(batch))

    def _single(self) -> Batch:
        import torchio

        scan = torch.randint(len(self.store.t1), (1,), generator=self.draws, device=self.device)
        plane = torch.randint(self.store.t1.shape[1], (1,), generator=self.draws, device=self.device)
        transform = torchio.Compose(
            [
                torchio.RandomGamma(p=0.5),
                torchio.RandomBiasField(p=0.25),
                torchio.RandomBlur(p=0.25),
                torchio.RandomGhosting(p=0.5),
            ]
        )
        volume = self.store.t1[scan].float().permute(0, 2, 3, 1).cpu()
        with torch.random.fork_rng(devices=[]):
            image = (
                transform(torchio.ScalarImage(tensor=volume)).data[..., int(plane)][:, None].to(self.device)
            )
        brain = self.store.brain[scan, plane][:, None]
        original, label = image, None
        if self.slices.draem is not None:
            image, label = self.slices.draem(image, brain, self.draws)
        bare = Batch(image, label, brain, None, self.draws, original)
        return replace(bare, context=self.slices.context(bare))


def milliseconds(runs: dict[str, Callable[[], None]], repeats: int, device: torch.device) -> dict[str, float]:
    """Median time of each of ``runs`` in ms, taken in turns, after two warm-ups: wall time on CUDA, else CPU time."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats + 2):
        for name, run in runs.items():
            start = clock()
            run()
            if device.type == "cuda":
                torch.cuda.synchronize()
            times[name].append(1000 * (clock() - start))
    return {name: round(statistics.median(each[2:]), 2) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu", choices=["cpu", "cuda"]
    )
    parser.add_argument("--size", default="small", choices=list(SIZES))
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    device, size = torch.device(given.device), SIZES[given.size]
    report: dict[str, Any] = {
        "machine": torch.cuda.get_device_name() if device.type == "cuda" else platform.processor() or platform.machine(),
        "cores": os.cpu_count(), "threads": torch.get_num_threads(), "torch": torch.__version__, "device": given.device,
        "size": given.size, "settings": size, "methods": {},
    }  # fmt: skip
    for name in ("cddpm", "unet", "unet_res"):
        step = Step(name, size, device)
        runs = {"networks": step.networks, "whole": step.whole, "naive": step.naive}
        found = milliseconds(runs, given.repeats, device)
        found["overhead_percent"] = round(100 * (found["whole"] / found["networks"] - 1), 1)
        found["times_faster_than_naive"] = round(found["naive"] / found["whole"], 2)
        report["methods"][name] = found
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
