"""One BLAS thread a process: the tests' processes use all cores already, and threads that wait for each other spin."""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
