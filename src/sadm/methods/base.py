"""What all methods share: the batch they get, and the interface that the training loop and the scoring know."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from sadm.networks.frame import STUDY, check, turned
from sadm.runtime.errors import ConfigError
from sadm.runtime.kinds import Count, Rate, Several, Share, Stock
from sadm.study import registry
from sadm.study.registry import Declares

if TYPE_CHECKING:  # a change of the score must not retrain
    from sadm.prediction.score import Scoring


@dataclass(frozen=True)
class Training:
    """What the training loop reads, of every method: ``class Hyper(Training)``. The defaults are the paper's (Appendix B)."""

    epochs: Count = 1600  # passes over the training volumes
    lr: Rate = 1e-4  # highest learning rate of the optimiser
    schedule: Literal["constant", "linear", "onecycle"] = (
        "constant"  # linear: to 1 %; onecycle: 5 % warm-up, then to 0
    )
    batch: Several = 32  # slices a step
    slices: Count = 1  # slices drawn from each volume in an epoch
    bank: Stock = 0  # slices made ready once (augmented, painted, ...) and drawn from; 0: anew for each step
    amp: bool = True  # reduced precision where the study's training.amp asks for it; false: float32 always
    augment_gamma: Share = 0.5  # probability of a random gamma
    augment_bias: Share = 0.25  # probability of a random bias field
    augment_blur: Share = 0.25  # probability of a random blur
    augment_ghosting: Share = 0.5  # probability of random ghosting


@dataclass(frozen=True)
class Batch:
    """B axial slices on the device.

    ``image`` float32 [B, 1, X, Y], about [0, 1] (augmentation may leave it); ``label`` float32 0/1 of the same shape, or
    None for a method that trains without; ``brain`` bool of the same shape; ``context`` what `Method.context` made of the
    batch; ``generator`` the source of all draws of a loss, on the device. ``original`` is the image before anomalies were
    painted on it (the image itself if none were); ``partner``, only for a method that declares ``pairs``, the slice at the same height
    of another volume.
    """

    image: Tensor
    label: Tensor | None
    brain: Tensor
    context: Tensor | None
    generator: torch.Generator
    original: Tensor
    partner: Tensor | None = None

    def __len__(self) -> int:
        return len(self.image)


class BaseMethod(nn.Module):
    """A method: networks, a loss, an anomaly map. It knows no loop, and the loop no method.

    ``hyper`` is the method's own ``Hyper``; ``shape`` the in-plane size (X, Y) of a slice; ``needs`` holds the trained
    methods that it declares, frozen and in eval mode. Those are no submodules: neither trained, moved nor saved with it.
    ``score`` holds the study's SSIM and median; only `anomaly_map` asks for it. ``declares`` is the record of the method's
    file, which `build` reads; ``frame`` tells where the axes of the slices lead that its networks see
    (`sadm.networks.frame`): what it takes and gives is in the study's frame all the same.
    """

    declares = Declares()
    frame = STUDY

    def __init__(
        self, hyper: Any, shape: tuple[int, int], needs: "Mapping[str, BaseMethod] | None" = None
    ) -> None:
        super().__init__()
        self.hyper, self.shape = hyper, shape
        self.needs: dict[str, Any] = dict(needs or {})
        self.score: Scoring | None = None

    @property
    def passes(self) -> int:
        """Reconstructions that `reconstruct` makes of a volume."""
        return self.declares.count(vars(self.hyper))

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    def placed(self, device: torch.device) -> "BaseMethod":
        """Itself on ``device``, weights channels-last, which convolutions are faster with."""
        placed: BaseMethod = self.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return placed

    def loss(self, batch: Batch) -> Tensor:
        """Scalar training loss of a batch, differentiable."""
        raise NotImplementedError

    def optimiser(self) -> torch.optim.Optimizer:
        """The optimiser of the trainable weights: Adam without weight decay (paper, Appendix B)."""
        trained = [p for p in self.parameters() if p.requires_grad]
        return torch.optim.Adam(trained, self.hyper.lr, fused=True)

    def limit_gradients(self) -> None:
        """Called between the backward pass and the optimiser's step: a method that clips does so here."""

    def adopt(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the ImageNet weights of the feature extractor; only where ``imagenet`` is declared."""
        raise NotImplementedError

    def context(self, batch: Batch) -> Tensor | None:
        """What the loss needs of the frozen methods in ``needs``; called without gradients. None if it needs nothing."""
        return None

    def pseudo_healthy(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Pseudo-healthy version [B, 1, X, Y] of ``image`` [B, 1, X, Y], for the training of a method built upon this one."""
        raise NotImplementedError

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """Pseudo-healthy versions [`passes`, D, X, Y] of ``volume`` [D, X, Y]; only where ``reconstructs`` is declared."""
        raise NotImplementedError

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """Anomaly map float32 [D, X, Y], >= 0 and 0 outside the brain.

        ``volume`` float32 [D, X, Y] in [0, 1]; ``brain`` bool [D, X, Y]; ``reconstructions`` float32 [T, D, X, Y] of the
        method itself or of the one it needs, None if neither reconstructs.
        """
        raise NotImplementedError


class Turned(BaseMethod):
    """What `build` puts before a method whose ``frame`` is not the study's: planes are turned on entry, results turned back.

    All between, noise included, is in the method's own frame. Only trained weights have one: `loss` is not for it, and
    `context` speaks with the methods in ``needs``, each of which turns for itself.
    """

    def pseudo_healthy(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """As the method's, [B, 1, X, Y]."""
        return turned(super().pseudo_healthy(turned(image, self.frame), generator), self.frame)

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """As the method's, [`passes`, D, X, Y]."""
        return turned(super().reconstruct(turned(volume, self.frame), generator), self.frame)

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """As the method's, [D, X, Y]."""
        made = None if reconstructions is None else turned(reconstructions, self.frame)
        return turned(
            super().anomaly_map(turned(volume, self.frame), turned(brain, self.frame), made), self.frame
        )


class Reconstructor(BaseMethod):
    """A method whose map is the dissimilarity of a volume to its mean reconstruction (paper, section 3)."""

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """u = median((1 - SSIM(x, mean of the reconstructions)) brain) brain, [D, X, Y]."""
        assert reconstructions is not None, "needs its reconstructions"
        assert self.score is not None, "needs a score"
        mean = reconstructions.mean(0)
        found = self.score.residual(volume.cpu().numpy(), mean.cpu().numpy(), brain.cpu().numpy())
        return torch.as_tensor(found, dtype=torch.float32)


def build(
    name: str,
    hyper: Mapping[str, Any],
    shape: tuple[int, int],
    needs: Mapping[str, BaseMethod] | None = None,
    seed: int = 0,
    frame: str = STUDY,
) -> BaseMethod:
    """Method ``name`` with weights drawn from ``seed``, on the CPU; the global random state is left as it was.

    ``hyper`` are fields of its Hyper (lists stand for tuples); ``frame``: that of the slices its weights are made for. Raises
    ConfigError for a field that it does not have, for a frame that there is not, or if there is no such method.
    """
    said, found = registry.method(name), import_module(f"sadm.methods.{name}")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in hyper.items()}
    try:
        settings = found.Hyper(**values)
    except TypeError as error:
        raise ConfigError(
            f"hyper.{name}: unknown hyper-parameter", cause=str(error), fix="see `class Hyper` of the method"
        ) from None
    cls = found.Method
    if check(frame) != STUDY:
        cls = type(f"{frame}Method", (Turned, cls), {"frame": frame})
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        method: BaseMethod = cls(settings, shape, needs)
    method.declares = said
    return method
