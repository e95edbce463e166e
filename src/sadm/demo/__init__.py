"""The demo cohort: the SRI24 head comes in, T1 heads with known lesions go out."""
