"""cDDPM: a denoising diffusion model conditioned on a code of the clean slice (Behrendt et al. 2023; stage I of SADM).

    x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps,    x_0 = 2 x - 1,   eps: simplex noise
    x0_hat = U(x_t, t, E(x)),    loss = mean |x0_hat - x_0| over all pixels,  t uniform in 0 ... T - 1

Both networks, the encoder E (a ResNet) and the U-Net U, are trained together by one optimiser. A reconstruction is one
call of the networks at each of a few t, with fresh noise (``t_test`` counts from 1 as the paper does: 250 is index 249);
the map compares the input with their mean by SSIM. Sheet: sadm.md section 3. Open choice: one noise field a sample by
default; the released code repeats one field in the batch, and at test time in the volume (``shared_noise``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from sadm.anomalies.simplex import SimplexNoise
from sadm.diffusion import Diffusion
from sadm.methods.base import BaseMethod, Batch
from sadm.networks.adm_unet import ADMUNet
from sadm.networks.resnet import ResNet

NEEDS = ()
TRAINS_ON = "healthy"
RECONSTRUCTS = True


@dataclass(frozen=True)
class Hyper:
    """Paper, Appendix B; the networks' sizes from the released code where the paper is silent."""

    epochs: int = 1600  # passes over the training volumes
    lr: float = 1e-4  # highest learning rate of Adam
    schedule: str = (
        "constant"  # learning rate: constant, linear (down to 1 %) or onecycle (5 % warm-up, then down to 0)
    )
    batch: int = 32  # slices a step
    slices: int = 1  # slices drawn from each volume in an epoch
    bank: int = 0  # slices augmented once and drawn from; 0: augmented anew for each step
    augment_gamma: float = 0.5  # probability of a random gamma
    augment_bias: float = 0.25  # probability of a random bias field
    augment_blur: float = 0.25  # probability of a random blur
    augment_ghosting: float = 0.5  # probability of random ghosting
    channels: tuple[int, ...] = (128, 128, 256)  # channels of the U-Net's levels
    res_blocks: int = 3  # residual blocks a level
    groups: int = 32  # groups of the U-Net's normalisation
    head_channels: int = 64  # channels of an attention head
    encoder_layers: tuple[int, ...] = (3, 4, 6, 3)  # bottleneck blocks of the ResNet's stages
    encoder_width: int = 64  # channels of the ResNet's first stage
    encoder_drop_path: float = 0.05  # highest probability that training skips a ResNet block
    condition: int = 512  # length of the code
    timesteps: int = 1000  # diffusion steps T
    t_test: tuple[int, ...] = (250, 500, 750)  # steps that a reconstruction is averaged over
    shared_noise: bool = False  # one noise field a batch, as released, instead of one a slice


class Method(BaseMethod):
    """Encoder, U-Net and noise; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.encoder = ResNet(
            hyper.encoder_layers, hyper.encoder_width, hyper.condition, drop_path=hyper.encoder_drop_path
        )
        self.unet = ADMUNet(
            hyper.channels,
            hyper.res_blocks,
            condition=hyper.condition,
            head_channels=hyper.head_channels,
            groups=hyper.groups,
        )
        self.diffusion = Diffusion(hyper.timesteps)
        self.noise = SimplexNoise(shape)

    def denoise(self, image: Tensor, t: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Reconstruction of ``image`` [B, 1, X, Y], in its units, noised to the indices ``t`` [B]; and its loss."""
        noise = self.noise(len(image), generator, shared=self.hyper.shared_noise)
        return self.diffusion.reconstruct(self.unet, image, t, noise, self.encoder(image, generator))

    def random_t(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` indices of diffusion steps, uniform in 0 ... T - 1."""
        return torch.randint(self.hyper.timesteps, (count,), generator=generator, device=generator.device)

    def loss(self, batch: Batch) -> Tensor:
        """Mean absolute error of the predicted slice, in [-1, 1] units, at a random t for each slice."""
        return self.denoise(batch.image, self.random_t(len(batch), batch.generator), batch.generator)[1]

    def pseudo_healthy(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Reconstruction [B, 1, X, Y] of ``image`` [B, 1, X, Y] at a random t for each slice (for stage II)."""
        return self.denoise(image, self.random_t(len(image), generator), generator)[0]

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """Reconstructions [T, D, X, Y] at ``t_test`` of ``volume`` [D, X, Y] in [0, 1]; not clamped."""
        image = volume[:, None]
        indices = [torch.full((len(image),), t - 1, device=image.device) for t in self.hyper.t_test]
        return torch.stack([self.denoise(image, t, generator)[0][:, 0] for t in indices])

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """u = median((1 - SSIM(x, mean of the reconstructions)) brain) brain, [D, X, Y] (paper, section 3)."""
        assert reconstructions is not None, "needs its reconstructions"
        assert self.score is not None, "needs a score"
        mean = reconstructions.mean(0)
        found = self.score(volume.cpu().numpy(), mean.cpu().numpy(), brain.cpu().numpy())
        return torch.as_tensor(found, dtype=torch.float32)
