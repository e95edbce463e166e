"""Every way in which results are written, in a folder that takes no more: a line of JSON a way, how it ended.

python full_disk.py FOLDER     FOLDER/<way> exists and holds the word "old"
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from sadm.cohort.packed import Packed
from sadm.prediction.maps import Origin, write_maps
from sadm.preprocess.space import write_transform
from sadm.runtime.errors import SadmError
from sadm.runtime.files import save_nifti, write_json, write_stack, write_text
from sadm.training import checkpoint

noise = np.random.default_rng(0).random((64, 64, 64)).astype(np.float32)
brain = np.ones((1, 64, 64, 64), np.uint8)
WAYS: dict[str, Callable[[Path], None]] = {
    "image.nii.gz": lambda path: save_nifti(noise, np.eye(4), path),
    "text.txt": lambda path: write_text("x" * 1_000_000, path),
    "text.json": lambda path: write_json(["x" * 1_000_000], path),
    "stack.npy": lambda path: write_stack([noise, noise], (2, 64, 64, 64), np.float32, path),
    "maps.safetensors": lambda path: write_maps(
        [("a", noise)],
        Packed(brain, brain, brain, ["a"]),
        np.array([0]),
        Origin("ae", 0, 1, "x", "test"),
        path,
    ),
    "weights.safetensors": lambda path: checkpoint.save({"a": torch.from_numpy(noise)}, {}, path),
    "transform.mat": lambda path: write_transform(np.eye(4), path),
}

if __name__ == "__main__":
    for name, write in WAYS.items():
        path = Path(sys.argv[1], name)
        try:
            write(path)
            ended = "written"
        except SadmError as error:
            ended = f"{type(error).__name__}: {error}"
        kept = path.read_text(errors="replace") == "old"
        print(
            json.dumps(
                {
                    "way": name,
                    "ended": ended,
                    "kept": kept,
                    "files": sorted(p.name for p in path.parent.iterdir()),
                }
            )
        )
