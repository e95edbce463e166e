"""From the study's grid back to a scan's own space: masks and anomaly scores."""
