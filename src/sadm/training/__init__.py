"""From packed volumes to weights: batches, augmentation, the training loop, checkpoints."""
