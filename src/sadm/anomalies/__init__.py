"""A slice comes in, the slice with a painted anomaly and its label go out; simplex noise."""
