"""Denoising U-Net of cDDPM: residual blocks modulated by time and condition (ADM, Dhariwal and Nichol 2021).

Sizes: paper, Appendix B. Each level has ``res_blocks`` residual blocks on the way down and one more on
the way up, resampling is done inside residual blocks, and only the middle has attention. Tensor names are those of the
released checkpoints: channels (128, 256, 256) with a 512-d condition have 44,068,481 parameters.
"""

import math
from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sadm.study import fits


class ResBlock(nn.Module):
    """x + conv(SiLU(GN(conv(resample(SiLU(GN(x))))) (1 + scale) + shift)), scale and shift linear in the embedding."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        embedding: int,
        groups: int,
        *,
        down: bool = False,
        up: bool = False,
    ) -> None:
        super().__init__()
        self.down, self.up = down, up
        self.in_layers = nn.Sequential(
            nn.GroupNorm(groups, inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, 2 * outputs))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(groups, outputs),
            nn.SiLU(),
            nn.Identity(),
            zeroed(nn.Conv2d(outputs, outputs, 3, padding=1)),
        )
        self.skip_connection = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """[B, inputs, H, W] and [B, embedding] -> [B, outputs, H', W']."""
        norm, act, conv = self.in_layers
        hidden = act(norm(x))
        if self.up:
            hidden, x = (
                doubled_conv(hidden, cast(nn.Conv2d, conv)),
                F.interpolate(x, scale_factor=2.0, mode="nearest"),
            )
        elif self.down:
            hidden, x = conv(F.avg_pool2d(hidden, 2)), F.avg_pool2d(x, 2)
        else:
            hidden = conv(hidden)
        scale, shift = self.emb_layers(embedding)[:, :, None, None].chunk(2, 1)
        norm, act, _, conv = self.out_layers
        hidden = torch.addcmul(shift, norm(hidden), 1 + scale)
        out: Tensor = self.skip_connection(x) + conv(act(hidden))
        return out


class Attention(nn.Module):
    """Self-attention over the pixels, with residual; queries, keys and values are split before the heads."""

    def __init__(self, channels: int, head_channels: int, groups: int) -> None:
        super().__init__()
        self.heads = channels // head_channels
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = zeroed(nn.Conv1d(channels, channels, 1))

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape; ``embedding`` is not used."""
        tokens = self.norm(x).flatten(2)
        query, key, value = (
            part.unflatten(1, (self.heads, -1)).transpose(2, 3) for part in self.qkv(tokens).chunk(3, 1)
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        out: Tensor = x + self.proj_out(mixed.transpose(2, 3).flatten(1, 2)).view_as(x)
        return out


class Stage(nn.ModuleList):
    """Layers in sequence that all get the embedding."""

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """[B, C, H, W] and [B, embedding] -> [B, C', H', W']."""
        for layer in self:
            x = layer(x, embedding) if isinstance(layer, ResBlock | Attention) else layer(x)
        return x


class ADMUNet(nn.Module):
    """[B, 1, H, W] noised slice, time and condition -> [B, 1, H, W] predicted slice (linear, starts at 0).

    ``channels``: of the levels, each half as large as the one before; H and W must be multiples of
    2^(levels - 1). ``condition``: length of the code, None for an unconditional net. The time embedding starts from
    channels[0] sinusoids and has 4 channels[0] numbers; the condition adds as many. Channels must be multiples of
    ``groups``, the last of ``head_channels``: ConfigError otherwise.
    """

    def __init__(
        self,
        channels: Sequence[int] = (128, 128, 256),
        res_blocks: int = 3,
        condition: int | None = 512,
        head_channels: int = 64,
        groups: int = 32,
    ) -> None:
        super().__init__()
        fits.adm_channels(channels, head_channels, groups)
        self.sinusoids, self.levels, self.condition = channels[0], len(channels), condition
        width = 4 * channels[0]
        self.embedding = width if condition is None else 2 * width
        if condition is not None:
            self.label_emb = perceptron(condition, width)
        self.time_embed = perceptron(channels[0], width)

        def block(inputs: int, outputs: int, **resample: bool) -> ResBlock:
            return ResBlock(inputs, outputs, self.embedding, groups, **resample)

        skips = self._encoder(channels, res_blocks, block)
        inner = channels[-1]
        middle = [block(inner, inner), Attention(inner, head_channels, groups), block(inner, inner)]
        self.middle_block = Stage(middle)
        self._decoder(channels, res_blocks, block, skips)
        last = zeroed(nn.Conv2d(channels[0], 1, 3, padding=1))
        self.out = nn.Sequential(nn.GroupNorm(groups, channels[0]), nn.SiLU(), last)

    def _encoder(self, channels: Sequence[int], res_blocks: int, block: Callable[..., ResBlock]) -> list[int]:
        """Make the way down; channels of the features it keeps, in order."""
        stages, skips = [Stage([nn.Conv2d(1, channels[0], 3, padding=1)])], [channels[0]]
        for level, width in enumerate(channels):
            for _ in range(res_blocks):
                stages.append(Stage([block(skips[-1], width)]))
                skips.append(width)
            if level < len(channels) - 1:
                stages.append(Stage([block(width, width, down=True)]))
                skips.append(width)
        self.input_blocks = nn.ModuleList(stages)
        return skips

    def _decoder(
        self, channels: Sequence[int], res_blocks: int, block: Callable[..., ResBlock], skips: list[int]
    ) -> None:
        """Make the way up, which takes the kept features in reverse."""
        stages, inputs = [], channels[-1]
        for level in reversed(range(len(channels))):
            for index in range(res_blocks + 1):
                layers = [block(inputs + skips.pop(), channels[level])]
                inputs = channels[level]
                if level > 0 and index == res_blocks:
                    layers.append(block(inputs, inputs, up=True))
                stages.append(Stage(layers))
        self.output_blocks = nn.ModuleList(stages)

    def forward(self, x: Tensor, t: Tensor, condition: Tensor | None = None) -> Tensor:
        """``x`` [B, 1, H, W] in about [-1, 1], ``t`` [B] index of the diffusion step, ``condition`` [B, condition].

        ConfigError if H or W does not fit the number of levels.
        """
        fits.halved(x.shape[2:], self.levels)
        embedding = self.embed(t, condition)
        kept = []
        for stage in self.input_blocks:
            x = stage(x, embedding)
            kept.append(x)
        x = self.middle_block(x, embedding)
        for stage in self.output_blocks:
            x = stage(torch.cat([x, kept.pop()], 1), embedding)
        out: Tensor = self.out(x)
        return out

    def embed(self, t: Tensor, condition: Tensor | None) -> Tensor:
        """Embedding [B, E] of the step, followed by that of the condition if the net has one."""
        half = self.sinusoids // 2
        frequency = torch.exp(torch.arange(half, device=t.device) * (-math.log(10000) / half))
        angle = t[:, None] * frequency
        embedding: Tensor = self.time_embed(torch.cat([angle.cos(), angle.sin()], 1))
        return embedding if self.condition is None else torch.cat([embedding, self.label_emb(condition)], 1)


def perceptron(inputs: int, outputs: int) -> nn.Sequential:
    """Linear, SiLU, linear."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.SiLU(), nn.Linear(outputs, outputs))


def zeroed(layer: nn.Module) -> nn.Module:
    """The layer with all weights 0."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def doubled_conv(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """``conv`` (3x3, padding 1) of ``x`` with every pixel doubled: [B, C, H, W] -> [B, C', 2 H, 2 W].

    Equal to one transposed convolution of stride 2, whose 4x4 kernel is the 3x3 kernel summed over 2x2 windows: 4 products
    a pixel instead of 9.
    """
    kernel = F.pad(conv.weight, (1, 1, 1, 1))
    kernel = kernel[..., 1:] + kernel[..., :-1]
    kernel = kernel[..., 1:, :] + kernel[..., :-1, :]
    return F.conv_transpose2d(x, kernel.flip(2, 3).transpose(0, 1), conv.bias, stride=2, padding=1)
