"""Noise and synthetic anomalies."""
