"""From a raw T1 scan to a prepared volume: register, brain, refine, bias, grid, pack."""
