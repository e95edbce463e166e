"""A parameter folder that the real HD-BET 2 runs on, without its published weights.

    python hdbet_standin.py $HOME/hd-bet_params/release_2.0.0 [trainer]

dataset.json, plans.json and fold_all/checkpoint_final.pth have the layout of the published ones. The network is nnU-Net's
PlainConvUNet with its weights set by hand: the coarsest stage averages the z-scored head over about 3 cm, the output
compares that with a threshold. The mask is a blob inside the head, no brain. No random number is used.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

THRESHOLD = 1.0  # on the smoothed z score
NETWORK: dict[str, Any] = {
    "n_stages": 3,
    "features_per_stage": [2, 2, 2],
    "conv_op": "torch.nn.modules.conv.Conv3d",
    "kernel_sizes": [[3, 3, 3]] * 3,
    "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
    "n_conv_per_stage": [1, 1, 1],
    "n_conv_per_stage_decoder": [1, 1],
    "conv_bias": True,
    "norm_op": None,
    "norm_op_kwargs": None,
    "dropout_op": None,
    "dropout_op_kwargs": None,
    "nonlin": "torch.nn.LeakyReLU",
    "nonlin_kwargs": {"inplace": True},
}
DATASET = {"channel_names": {"0": "MRI"}, "labels": {"background": 0, "brain": 1}, "file_ending": ".nii.gz"}


def resampling(name: str, is_seg: bool, order: int) -> dict[str, Any]:
    """The two keys of plans.json that say how ``name`` is resampled."""
    options = {"is_seg": is_seg, "order": order, "order_z": 0, "force_separate_z": None}
    return {f"resampling_fn_{name}": "resample_data_or_seg_to_shape", f"resampling_fn_{name}_kwargs": options}


def plans() -> dict[str, Any]:
    """plans.json: 3 mm voxels and small patches, so that resampling and tiling both run."""
    configuration = {
        "preprocessor_name": "DefaultPreprocessor",
        "patch_size": [32, 32, 32],
        "spacing": [3.0, 3.0, 3.0],
        "normalization_schemes": ["ZScoreNormalization"],
        "use_mask_for_norm": [False],
        "architecture": {
            "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
            "arch_kwargs": NETWORK,
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
        **resampling("data", False, 3),
        **resampling("seg", True, 1),
        **resampling("probabilities", False, 1),
    }
    return {
        "dataset_name": "Dataset000_StandIn",
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {"3d_fullres": configuration},
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": {}},
    }


def weights() -> dict[str, torch.Tensor]:
    """Weights that carry channel 0 of the coarsest stage up to the output."""
    from dynamic_network_architectures.architectures.unet import PlainConvUNet

    options = NETWORK | {"conv_op": torch.nn.Conv3d, "nonlin": torch.nn.LeakyReLU}
    net = PlainConvUNet(input_channels=1, num_classes=2, **options)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        for stage in net.encoder.stages:
            stage[0].convs[0].conv.weight[0, 0] = 1 / 27
        for up, stage in zip(net.decoder.transpconvs, net.decoder.stages):
            up.weight[0, 0] = 1
            stage.convs[0].conv.weight[0, 0] = 1 / 27
        for head in net.decoder.seg_layers:
            head.weight[1, 0] = 10
            head.bias[1] = -10 * THRESHOLD
    return net.state_dict()


def make(folder: Path, trainer: str = "nnUNetTrainer") -> Path:
    """Write the parameter folder, its checkpoint made by ``trainer``; its path."""
    (folder / "fold_all").mkdir(parents=True, exist_ok=True)
    (folder / "plans.json").write_text(json.dumps(plans()))
    (folder / "dataset.json").write_text(json.dumps(DATASET))
    checkpoint = {
        "network_weights": weights(),
        "trainer_name": trainer,
        "init_args": {"configuration": "3d_fullres"},
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }
    torch.save(checkpoint, folder / "fold_all" / "checkpoint_final.pth")
    return folder


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), *sys.argv[2:]))
