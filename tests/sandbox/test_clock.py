"""CPU time and time asleep of the student's side, as the grader measures them.

The processes are real. No test asserts how long something takes: only which limit ends it, and that others do not.
"""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

from autograder.calls import CodeError, GraderFault, connect
from autograder.sandbox import clock
from autograder.sandbox.channel import SandboxDied
from autograder.sandbox.clock import Budget, Clock, MachineTooBusy
from autograder.sandbox.limits import Limits

BURN = """
import os, signal, sys, threading, time
def burn(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until: pass
"""
CPU, ASLEEP = "s of CPU time", "is asleep for more than"


def ended_by(sandbox, source: str, seconds: float = 0.5) -> str:
    """What ends a check that calls `f` of ``source``; "" for nothing."""
    sandbox.run_cell("cell 1", BURN + source)
    with sandbox.session(seconds) as channel:
        try:
            connect(channel).f()
        except CodeError as error:
            assert error.kind == "timeout", error.message
            return error.message
        error = channel.settle()
        return error.message if error is not None else ""


BURNERS = {
    "loop": "def f():\n    while True: pass",
    "child": """def f():
    if (pid := os.fork()) == 0: burn(60)
    os.waitpid(pid, 0)""",
    "ended children": """def f():
    while True:
        if (pid := os.fork()) == 0: burn(0.02); os._exit(0)
        os.waitpid(pid, 0)""",
    "orphans": """def f():
    while True:
        if (pid := os.fork()) == 0:
            if os.fork() == 0: burn(0.05)
            os._exit(0)
        os.waitpid(pid, 0)
        time.sleep(0.05)""",
    # The time of children that nobody waits for is lost where the kernel is told to forget them.
    "forgotten children": """def f():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        if os.fork() == 0: burn(0.1); os._exit(0)
        time.sleep(0.1)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]: pass
        except ChildProcessError: pass""",
    "threads": """def f():
    threads = [threading.Thread(target=burn, args=(60,)) for _ in range(3)]
    for t in threads: t.start()
    for t in threads: t.join()""",
    "left behind": """def f():
    for _ in range(2): threading.Thread(target=burn, args=(60,), daemon=True).start()
    time.sleep(60)""",
    "deaf": "def f():\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: pass",
    "nice": "def f():\n    signal.setitimer(signal.ITIMER_PROF, 0); os.nice(19)\n    while True: pass",
    "idle": "def f():\n    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n    while True: pass",
}


@pytest.mark.parametrize("source", BURNERS.values(), ids=BURNERS)
def test_processor_time_of_everything_that_a_check_starts_counts(start, source):
    with start(asleep_step_s=20) as sandbox:
        assert CPU in ended_by(sandbox, source)
        sandbox.run_cell("cell 2", "def good(): return 1")
        with sandbox.session(5) as channel:
            assert connect(channel).good() == 1


@pytest.mark.parametrize(
    "source",
    [
        "def f(): time.sleep(60)",
        "def f():\n    while True: time.sleep(0.05)",
        "def f(): os.kill(os.getpid(), signal.SIGSTOP)",
        "def f():\n    pid = os.fork()\n    if pid == 0: time.sleep(60)\n    os.waitpid(pid, 0)",
        "def f(): threading.Event().wait()",
        "def f():\n    if os.fork() == 0: time.sleep(60)\n    os._exit(0)",
    ],
    ids=[
        "sleep",
        "short sleeps",
        "stopped",
        "child sleeps",
        "waits for ever",
        "its child holds the connection",
    ],
)
def test_a_check_that_sleeps_ends_by_its_sleep(start, source):
    with start() as sandbox:
        assert ASLEEP in ended_by(sandbox, source, 20)


def test_a_short_sleep_costs_nothing(start):
    with start(asleep_step_s=5) as sandbox:
        assert ended_by(sandbox, "def f():\n    time.sleep(0.5); return 1") == ""


def test_a_check_that_waits_for_a_processor_is_not_asleep(start):
    # Everything in its own session: where the kernel divides the processor between sessions, each has a share.
    loop = [sys.executable, "-S", "-c", "while True: pass"]
    busy = [subprocess.Popen(loop, start_new_session=True) for _ in range(8 * clock.PROCESSORS)]
    try:
        with start(asleep_step_s=0.3) as sandbox:
            assert ended_by(sandbox, "def f(): burn(0.5); return 1", 20) == ""
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    "source",
    [
        "def burn_all():\n    while True: pass",
        "def burn_all():\n    pid = os.fork()\n    if pid == 0: burn(60)\n    os.waitpid(pid, 0)",
        "def burn_all(): time.sleep(60)",
    ],
    ids=["loop", "child", "sleep"],
)
def test_a_cell_that_is_stopped_keeps_its_names(start, source):
    with start() as sandbox:
        cell = sandbox.run_cell("cell 1", f"{BURN}kept = 7\n{source}\nburn_all()\nprint('never')")
        assert (cell["error"]["kind"], cell["stdout"]) == ("timeout", "")
        assert "0.5 s asleep" in cell["error"]["message"] or "0.3 s of CPU" in cell["error"]["message"]
        assert sandbox.run_cell("cell 2", "kept")["stdout"] == "7\n"


def test_the_submission_has_one_budget_for_all_of_its_sandboxes(start):
    budget = Budget(Limits(cpu_s=1, memory_mb=600))
    with start(budget=budget, cell_s=5) as sandbox:
        assert sandbox.run_cell("cell 1", BURN + "burn(0.6)")["error"] is None
    assert not budget.excess()
    with start(budget=budget, cell_s=5) as sandbox, pytest.raises(SandboxDied) as died:
        sandbox.run_cell("cell 1", BURN + "burn(0.6)")
    assert died.value.message == budget.excess() == "the submission's 1 s of CPU time are used up"


def test_time_asleep_of_a_submission_adds_up(start):
    with start(asleep_s=0.8) as sandbox, pytest.raises(SandboxDied) as died:
        for number in range(60):  # on a busy machine the grader counts only the moments that it saw itself
            sandbox.run_cell(f"cell {number}", "import time; time.sleep(0.4)")
    assert "asleep for more than 0.8 s in all" in died.value.message


def test_the_wall_time_of_a_check_is_nobodys_result(start, monkeypatch):
    monkeypatch.setattr(clock, "WALL_FACTOR", 0.01)
    monkeypatch.setattr(clock, "SHORTEST_WALL_S", 0.0)
    with start(asleep_step_s=30) as sandbox:
        sandbox.run_cell("cell 1", "import time\ndef f(): time.sleep(60)")
        with pytest.raises(MachineTooBusy), sandbox.session(20) as channel, pytest.raises(GraderFault):
            connect(channel).f()


def test_the_wall_time_of_a_submission_is_nobodys_result(start):
    with start(wall_s=0.3, asleep_step_s=30) as sandbox, pytest.raises(MachineTooBusy):
        sandbox.run_cell("cell 1", "import time; time.sleep(60)")


class Scripted:
    """Processes whose times are written down: one reading after another."""

    def __init__(self, cpu=(0.0,), scheduled=(0,), occupied: bool = False) -> None:
        self._cpu = itertools.chain(cpu, itertools.repeat(cpu[-1]))
        self._scheduled = itertools.chain(scheduled, itertools.repeat(scheduled[-1]))
        self._occupied = occupied

    def cpu(self) -> float:
        return next(self._cpu)

    def scheduled(self) -> dict:
        return {("2", "2"): int(next(self._scheduled) * 1e9)}

    def occupied(self) -> bool:
        return self._occupied


def asleep_of(processes: Scripted, waits: list[float]) -> float:
    watch = Clock(processes, Budget(Limits()))
    with watch.step("check", 20, 10) as step:
        for waited in waits:
            watch.due(waited)
            watch.look()
        return step.asleep


def test_asleep_are_ticks_in_which_nothing_runs_and_nothing_waits_for_a_processor():
    assert asleep_of(Scripted(), [0.1] * 11) == pytest.approx(1.0)
    assert asleep_of(Scripted(scheduled=[n * 0.01 for n in range(20)]), [0.1] * 11) == 0
    assert asleep_of(Scripted(occupied=True), [0.1] * 11) == 0


def test_a_grader_that_was_not_running_makes_nobody_sleep():
    # One tick of a minute is counted as two tenths: the grader cannot know what happened in it.
    assert asleep_of(Scripted(), [0.1, 60.0]) == pytest.approx(clock.LONGEST_TICK_S)
    # What the grader computes between two questions is no waiting.
    assert asleep_of(Scripted(), [0.0] * 50) == 0


def test_a_limit_is_exceeded_only_when_two_readings_say_so():
    watch = Clock(Scripted(cpu=[0, 0, 50, 1]), Budget(Limits()))
    with watch.step("check", 20, 10):
        assert watch.look() == ""
