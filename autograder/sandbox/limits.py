"""What one submission may use. `course.toml` overrides any of them; every excess is reported by name."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds on one submission.

    Attributes:
        wall_s: seconds for everything: start, all cells, all checks.
        cell_s: seconds for one cell of the notebook.
        cpu_s: CPU seconds of one process.
        memory_mb: MiB of address space of one process, and of memory of all of them together.
        processes: processes and threads at one time.
        output_kb: KiB of printed text kept of one cell.
        disk_mb: MiB that may be written to each of the working directory, /tmp and /dev/shm.
        file_mb: MiB of a submitted notebook or parameter file.
    """

    wall_s: float = 120.0  # the reference of the longest task needs 15
    cell_s: float = 20.0
    cpu_s: int = 90
    memory_mb: int = 2048  # NumPy with one BLAS thread maps 200 before the first array
    processes: int = 64
    output_kb: int = 64
    disk_mb: int = 64
    file_mb: int = 20
