"""The SRI24 head comes in, T1 heads with known lesions go out: the demo cohort."""
