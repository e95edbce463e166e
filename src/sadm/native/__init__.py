"""What the study found of a scan comes in, masks and anomaly scores in the scan's own space go out."""
