"""What one submission may use. `course.toml` overrides any of them; every excess is reported by name."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds on one submission.

    CPU time is that of all processes of the sandbox together, as the kernel counts it. A machine that is busy takes
    longer, and nothing of it counts. Asleep is who neither runs nor waits for a processor.

    Attributes:
        cpu_s: CPU seconds for everything: start, all cells, all checks.
        cell_s: CPU seconds for one cell of the notebook. (Those of a check stand with the check.)
        check_factor: what the CPU seconds of every check are multiplied with; more than 1 on slow machines.
        asleep_s: seconds asleep for everything.
        asleep_step_s: seconds asleep in one cell or one check.
        wall_s: seconds by the clock on the wall for everything. Who takes longer with CPU time left is evaluated again
            alone, and then not at all: a grader fault.
        memory_mb: MiB of address space of one process, and of memory of all of them together.
        processes: processes and threads at one time.
        output_kb: KiB of printed text kept of one cell.
        disk_mb: MiB that may be written to each of the working directory, /tmp and /dev/shm.
        file_mb: MiB of a submitted notebook without its stored outputs, or of a file beside it.
    """

    cpu_s: float = 300.0
    cell_s: float = 60.0
    check_factor: float = 1.0
    asleep_s: float = 30.0
    asleep_step_s: float = 10.0
    wall_s: float = 1800.0
    memory_mb: int = 2048  # NumPy with one BLAS thread maps 200 before the first array
    processes: int = 64
    output_kb: int = 64
    disk_mb: int = 64
    file_mb: int = 20
