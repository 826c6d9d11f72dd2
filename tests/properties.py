"""How property tests run here: few examples, always the same ones, and no deadline on a busy machine."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

few = settings(max_examples=25, derandomize=True, deadline=None, database=None)

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
scales = st.integers(-6, 6).map(lambda exponent: 10.0**exponent)
