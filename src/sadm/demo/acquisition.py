"""What a scanner does to a head: point spread, thick slices, bias field, Rician noise."""

import numpy as np

from sadm.demo.population import Population, Scanner
from sadm.demo.random_fields import Array, field, smooth, uniform


def acquire(image: Array, population: Population, scanner: Scanner, rng: np.random.Generator) -> Array:
    """The scan [X, Y, Z] of T1 intensities ``image``: blurred, shaded, with noise; values >= 0."""
    sigma, thick = uniform(rng, population.blur), uniform(rng, population.slice_blur)
    image = smooth(image, (sigma, sigma, float(np.hypot(sigma, thick))))
    strength = uniform(rng, (0.04, 0.14)) * population.bias * scanner.bias
    image *= np.exp(strength * field(image.shape, max(image.shape) / 3, rng))
    noise = uniform(rng, population.noise) * scanner.noise
    real = image + np.float32(noise) * rng.standard_normal(image.shape, dtype=np.float32)
    imaginary = np.float32(noise) * rng.standard_normal(image.shape, dtype=np.float32)
    return np.sqrt(real * real + imaginary * imaginary)
