"""Size, work and time of every method of a study, and what the whole study costs.

    python benchmarks/methods.py [--study studies/paper.yaml] [--time] [--choices] [--device cpu] [--tflops 100]

Prints JSON. For each model: trained and frozen parameters; GFLOP of a forward pass and of a training step by slice (2 FLOP a
multiply-add, convolutions and matrix products, counted by PyTorch), and of scoring a test volume. From these the PFLOP of all
trainings and of scoring the paper's 1900 test volumes in all folds, and hours at ``--tflops`` achieved. ``--time`` adds the time
of a step of the study's batch and of scoring a volume; ``--choices`` what channels-last and bfloat16 change of the step, in the
same run. Times are medians: wall time on CUDA, CPU time of one thread (so that a busy machine counts less) on the CPU.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import torch
from torch.utils.flop_counter import FlopCounterMode

from sadm.methods.base import BaseMethod, Batch, build
from sadm.prediction.score import Scoring
from sadm.runtime.process import keep_freed_memory
from sadm.study.loader import raw_config
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[1]
TEST_VOLUMES = 1151 + 589 + 160  # paper: BRATS, ATLAS, DRAEM
FEW = 2  # slices that the work is counted on


def made(study: Study, model: str, device: torch.device) -> BaseMethod:
    """The model's method with random weights, on the study's slices."""
    grid = study.section("grid")
    x, y = (size // grid["downsample"] for size in grid["shape"][:2])
    needs = {study.method(n): made(study, n, device).eval() for n in study.needs(model)}
    return build(study.method(model), study.hyper(model), (x, y), needs).placed(device)


def batch_of(method: BaseMethod, count: int, device: torch.device) -> Batch:
    """Random slices with a brain, a label and a partner."""
    draws = torch.Generator(device).manual_seed(1)
    image = torch.rand(count, 1, *method.shape, generator=draws, device=device)
    brain = torch.zeros_like(image, dtype=torch.bool)
    brain[..., 4:-4, 4:-4] = True
    label = (image > 0.95).float()
    return Batch(image, label, brain, 0.9 * image, draws, 0.9 * image, image.flip(0))


def work(run: Callable[[], Any]) -> float:
    """GFLOP of a call."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() / 1e9


def frozen_work(method: BaseMethod, batch: Batch) -> float:
    """GFLOP of what the frozen methods make of a batch."""
    with torch.no_grad():
        return work(lambda: method.context(batch))


def score(method: BaseMethod, depth: int) -> None:
    """Reconstruct, where the method does, and map a volume of ``depth`` slices."""
    batch = batch_of(method, depth, method.device)
    with torch.no_grad():
        volume = batch.image[:, 0]
        found = method.reconstruct(volume, batch.generator) if method.declares.reconstructs else volume[None]
        if method.declares.maps:
            method.anomaly_map(volume, batch.brain[:, 0], found)


def median(run: Callable[[], Any], device: torch.device, repeats: int) -> float:
    """Median time of a call in ms."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    times = []
    for _ in range(repeats + 1):
        start = clock()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(1000 * (clock() - start))
    return statistics.median(times[1:])


def step_of(method: BaseMethod, batch: Batch, bf16: bool = False) -> Callable[[], None]:
    """A training step on ready slices."""
    optimiser = method.train().optimiser()

    def step() -> None:
        with torch.autocast(method.device.type, torch.bfloat16) if bf16 else nullcontext():
            loss = method.loss(batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        method.limit_gradients()
        optimiser.step()

    return step


def measured(study: Study, model: str, args: argparse.Namespace) -> dict[str, Any]:
    """All figures of a model."""
    device, method = torch.device(args.device), made(study, model, torch.device(args.device))
    grid, hyper = study.section("grid"), study.hyper(model)
    depth = grid["shape"][2] // grid["downsample"] - 2 * grid["crop"]
    method.score = Scoring()
    few = batch_of(method, FEW, device)
    parameters = [(p.requires_grad, p.numel()) for p in method.parameters()]
    out: dict[str, Any] = {
        "parameters": sum(n for trained, n in parameters if trained),
        "frozen": sum(n for trained, n in parameters if not trained),
        "forward_gflop": work(lambda: method.train().loss(few)) / FEW,
        "step_gflop": (work(lambda: method.loss(few).backward()) + frozen_work(method, few)) / FEW,
        "score_gflop": work(lambda: score(method.eval(), FEW)) / FEW * depth,
    }
    if args.time or args.choices:
        batch = batch_of(method, hyper["batch"], device)
        out["step_ms"] = median(step_of(method, batch), device, args.repeats)
        out["score_ms"] = median(lambda: score(method.eval(), depth), device, 1)
    if args.choices:
        out["step_bf16_ms"] = median(step_of(method, batch, bf16=True), device, args.repeats)
        method.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        out["step_contiguous_ms"] = median(step_of(method, batch), device, args.repeats)
    return out


def volumes(study: Study, model: str) -> int:
    """Training volumes of a fold; 0 where the study has shares, whose number depends on the data."""
    name = study.source(study.trained_on(model))
    given = study.datasets[name]
    whole = study.section("splits")["train"] if name == study.healthy else given["annotated"]
    count = (whole or 0) - (0 if name == study.healthy else given["annotated_val"])
    return int(count) if whole and whole >= 1 else 0


def cost(study: Study, found: dict[str, dict[str, Any]], tflops: float) -> dict[str, float]:
    """PFLOP and hours of the study: all trainings and the scoring of the test sets, in all folds."""
    training = {
        m: f["step_gflop"] * study.hyper(m)["epochs"] * study.hyper(m)["slices"] * volumes(study, m) / 1e6
        for m, f in found.items()
    }
    scoring = {m: f["score_gflop"] * TEST_VOLUMES / 1e6 for m, f in found.items()}
    total = study.folds * (sum(training.values()) + sum(scoring.values()))
    return {
        "folds": study.folds,
        "training_eflop": study.folds * sum(training.values()) / 1e3,
        "scoring_eflop": study.folds * sum(scoring.values()) / 1e3,
        f"hours_at_{tflops:g}_tflops": total / tflops * 1e3 / 3600,
        "training_pflop_a_fold": {m: round(v, 2) for m, v in training.items()},  # type: ignore[dict-item]
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--study", nargs="+", default=[str(ROOT / "studies/paper.yaml")])
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--choices", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tflops", type=float, default=100)
    args = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(1)
    study = Study.from_config(raw_config(args.study))
    found = {}
    for model in study.models:
        found[model] = measured(study, model, args)
        print(f"{model}: {found[model]}", file=sys.stderr, flush=True)
    about = {"machine": platform.processor() or platform.machine(), "torch": torch.__version__, "device": args.device,
             "threads": torch.get_num_threads(), "study": args.study}  # fmt: skip
    print(json.dumps(about | {"models": found, "study_cost": cost(study, found, args.tflops)}, indent=1))


if __name__ == "__main__":
    main()
