import numpy as np
import pytest


def _sampled_chords(edges, count, seed):
    """Chords of isotropic tracks: a face drawn by area, a point on it, a cosine-distributed inward direction."""
    random = np.random.default_rng(seed)
    edges = np.asarray(edges)
    area = edges.prod() / edges
    axis = random.choice(3, size=count, p=area / area.sum())
    point = random.uniform(size=(count, 3)) * edges
    cosine, angle = np.sqrt(random.uniform(size=count)), random.uniform(0, 2 * np.pi, count)
    sine = np.sqrt(1 - cosine**2)
    direction = np.empty((count, 3))
    rows = np.arange(count)
    point[rows, axis] = 0.0
    direction[rows, axis] = cosine
    direction[rows, (axis + 1) % 3] = sine * np.cos(angle)
    direction[rows, (axis + 2) % 3] = sine * np.sin(angle)
    exits = np.where(direction > 0, (edges - point) / direction, -point / direction)
    exits[direction == 0] = np.inf
    return exits.min(axis=1)


@pytest.fixture
def sampled_chords():
    return _sampled_chords
