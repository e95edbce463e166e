"""From weights and packed volumes to reconstructions and anomaly maps; the score."""
