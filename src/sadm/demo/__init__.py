"""Synthetic T1 heads made from the SRI24 head: the cohort of the demo study (numpy only, about .3 CPU s a head)."""
