"""From a raw T1 to a prepared volume: registered to SRI24, stripped, corrected, on the study's grid, checked, packed."""
