"""Weights and packed volumes come in, reconstructions and anomaly maps go out; SSIM, median and the sum of two maps."""
