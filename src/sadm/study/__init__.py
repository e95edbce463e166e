"""The study that a config describes: its keys, checks, names, runs and code fingerprints. Reaches no torch and no ants."""
