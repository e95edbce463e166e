"""Packed volumes and splits come in, weights and curves go out: batches, augmentation, the loop, checkpoints."""
