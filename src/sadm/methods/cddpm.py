"""cDDPM: a diffusion model conditioned on a code of the clean slice (Behrendt et al. 2023; stage I of SADM).

    x0_hat = U(x_t, t, E(x)),    loss, noise, reconstruction and map as in ddpm.py

Both networks, the encoder E (a ResNet) and the U-Net U, are trained together by one optimiser. The encoder starts from
masked pre-training on the same healthy scans (SparK, spark.py) if ``pretrained``, as in the paper
(Appendix B).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from sadm.methods import ddpm
from sadm.methods.base import BaseMethod
from sadm.networks.resnet import ResNet
from sadm.runtime.kinds import Blocks, Dropped, Rate, Width
from sadm.study.registry import Declares

DECLARES = Declares(
    needs_if={"pretrained": "spark"},
    shares=("encoder_layers", "encoder_width"),
    reconstructs=True,
    passes="t_test",
    scored_with=("t_test",),
    fits={"adm_unet": ("channels", "head_channels", "groups"), "steps": ("t_test", "timesteps")},
)


@dataclass(frozen=True)
class Hyper(ddpm.Hyper):
    """Paper, Appendix B; the networks' sizes from the released code where the paper is silent."""

    lr: Rate = 1e-4  # highest learning rate of the optimiser (B.1; B.2 says 1e-5 for the baseline)
    encoder_layers: tuple[Blocks, ...] = (3, 4, 6, 3)  # bottleneck blocks of the ResNet's stages
    encoder_width: Width = 64  # channels of the ResNet's first stage
    encoder_drop_path: Dropped = 0.05  # highest probability that training skips a ResNet block
    condition: Width = 512  # length of the code
    pretrained: bool = True  # the encoder starts from SparK's of the same fold


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "channels": [16, 32, 32], "res_blocks": 1, "groups": 8, "head_channels": 16,
    "encoder_layers": [1, 1, 1, 1], "encoder_width": 16, "condition": 64,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(ddpm.Method):
    """Encoder, U-Net and noise; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs, hyper.condition)
        self.encoder = ResNet(
            hyper.encoder_layers, hyper.encoder_width, hyper.condition, drop_path=hyper.encoder_drop_path
        )
        if "spark" in self.needs:
            self.needs.pop("spark").hand_over(self.encoder)

    def code(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Code [B, condition] of the clean slice."""
        found: Tensor = self.encoder(image, generator)
        return found

    def pseudo_healthy(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Reconstruction [B, 1, X, Y] of ``image`` [B, 1, X, Y] at a random t for each slice (for stage II)."""
        return self.denoise(image, self.random_t(len(image), generator), generator)[0]
