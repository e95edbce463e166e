"""Networks: layers only, no training. Names of tensors follow the released checkpoints (tests/golden)."""
