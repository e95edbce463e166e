"""From raw T1 scans to Table 1 of SADM (Behrendt et al., MIDL 2024)."""

__version__ = "0.1.0"
