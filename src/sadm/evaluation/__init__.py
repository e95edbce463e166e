"""Anomaly maps and labels come in, scores go out: thresholds, measures of each volume, areas over whole test sets."""
