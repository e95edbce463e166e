"""A raw T1 comes in, a prepared volume goes out: on SRI24, stripped, corrected, on the study's grid, checked, packed."""
