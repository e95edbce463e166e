"""From anomaly maps to scores: the measures of each volume, thresholds, areas over whole test sets."""
