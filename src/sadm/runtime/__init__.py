"""What every job stands on: named errors, whole files or none, logs, signals, devices, seeds."""
