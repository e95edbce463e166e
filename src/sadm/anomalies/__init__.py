"""Synthetic anomalies and noise: a slice comes in, a slice with a painted anomaly and its label go out."""
