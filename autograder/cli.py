"""The `autograder` command: thin, one function per command. Exit code 0 done, 1 something failed, 2 misuse."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import autograder.grading.nbgrader_ready  # noqa: F401 - before anything imports jsonschema
from autograder.course import Course, CourseError, load_course
from autograder.reports.terminal import PlainConsole

app = typer.Typer(
    help="Assignments, checks and a sandboxed grader for neural networks from scratch in NumPy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
contest_app = typer.Typer(help="The contest: digits whose labels nobody can look up.", no_args_is_help=True)
app.add_typer(contest_app, name="contest")

out = PlainConsole(soft_wrap=False)
err = PlainConsole(stderr=True)
FAILED, MISUSE = 1, 2
LISTED = 20  # names in one line
QUICK_SEEDS = 10  # with fewer, an audit tries a mistake on no other check than the one that it names

Tasks = Annotated[
    list[str] | None, typer.Argument(help="Names of tasks; all of the course when none is given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")]


@contextmanager
def explained(*, code: int = FAILED) -> Iterator[None]:
    """Errors that a person can mend are said in their own words, without a traceback."""
    from autograder.authoring.errors import AuthoringError
    from autograder.checks import CheckDefinitionError
    from autograder.datasets import DataError
    from autograder.grading.errors import ClusterError, PublishError
    from autograder.grading.journal import JournalError
    from autograder.grading.secret import SecretError
    from autograder.reports.export import ExportError
    from autograder.sandbox.backends import SandboxUnavailable

    known = (
        AuthoringError, CheckDefinitionError, ClusterError, CourseError, DataError, ExportError, JournalError,
        PublishError, SandboxUnavailable, SecretError,
    )  # fmt: skip
    try:
        yield
    except known as error:
        err.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(MISUSE if isinstance(error, CourseError) else code) from None
    except (OSError, sqlite3.Error) as error:  # a full disk, a read-only folder, a journal that cannot grow
        place = getattr(error, "filename", None) or ("" if isinstance(error, OSError) else "journal.db")
        said = getattr(error, "strerror", None) or str(error)
        explain_fault(": ".join(filter(None, [str(place), said])))
    except Exception as error:
        if not type(error).__module__.startswith("sqlalchemy."):
            raise
        explain_fault(f"gradebook.db: {getattr(error, 'orig', None) or error}")
    except KeyboardInterrupt:
        err.print("Interrupted. Nothing is lost: run the same command again.")
        raise typer.Exit(130) from None


def explain_fault(said: str) -> NoReturn:
    """What failed around the grader, and that the command can be run again."""
    err.print(
        f"{said}. Nothing is lost: mend it and run the same command again.",
        style="red", markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    raise typer.Exit(FAILED) from None


def the_course() -> Course:
    return load_course(Path.cwd())


def the_graders_course() -> Course:
    """The course for a command that writes grades or students' work: only the course's graders may read that."""
    from autograder.grading.private import work_privately

    course = the_course()
    work_privately(course.root)
    return course


def chosen(course: Course, tasks: list[str] | None) -> list[str]:
    return [course.task(name).name for name in tasks] if tasks else list(course.tasks)


def a_bar(**options: Any) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=err, transient=True, **options,
    )  # fmt: skip


def shown_on(bar: Progress, description: str) -> Callable[[int, int], None]:
    row = bar.add_task(description, total=None)
    return lambda done, total: bar.update(row, completed=done, total=total)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Try small attacks on the sandbox of this machine and say what holds."""
    from autograder.datasets.cache import cache_root
    from autograder.sandbox.backends import Launch, SandboxUnavailable
    from autograder.sandbox.doctor import facts, probe
    from autograder.sandbox.kit import stage
    from autograder.sandbox.limits import Limits

    needed = _package_facts()
    known, launch = [*facts(), *needed], Launch(stage(cache_root()), None, Limits())
    try:
        findings, problem = probe(launch), None
    except SandboxUnavailable as error:
        # Without it the same attacks say what a submission could do here; none does harm.
        findings, problem = probe(launch, walls=False), str(error)
    if as_json:
        rows = {
            "facts": [asdict(fact) for fact in known],
            "attacks": [asdict(finding) for finding in findings],
        }
        typer.echo(json.dumps({**rows, "problem": problem, "walls": problem is None}))
    else:
        for fact in known:
            say(fact.ok, fact.name, fact.value if fact.ok else f"{fact.value}. {fact.fix}")
        if problem:
            err.print(problem, style="red", markup=False)
            out.print("Without a sandbox, with the rights of this user, a submission could")
        for finding in findings:
            say(
                finding.held,
                finding.name,
                f"{finding.tried}: {finding.detail}" if finding.detail else finding.tried,
            )
    if problem or not all(finding.held for finding in findings) or not all(fact.ok for fact in needed):
        raise typer.Exit(FAILED)


def _package_facts() -> list[Any]:
    """What the course of this folder needs of this machine; nothing where there is none."""
    from autograder.grading.packages import MISSING, install_command, packages_of
    from autograder.sandbox.doctor import Fact

    if not Path("course.toml").is_file():
        return []
    try:
        versions = packages_of(the_course())
    except CourseError as error:
        return [Fact("course.toml", "cannot be used", False, " ".join(error.problems))]
    return [
        Fact(f"package {name}", version, version != MISSING, f"Install it: {install_command([name])}")
        for name, version in versions.items()
    ]


def warn_of_many(jobs: int) -> None:
    """Say so when more is to run at one time than there are processors."""
    processors = os.cpu_count() or 1
    if jobs > processors:
        err.print(
            f"-j {jobs}: this machine has {processors} processors. No grade depends on it, but nothing ends sooner.",
            highlight=False,
            soft_wrap=True,
        )


def say(good: bool, name: str, detail: str) -> None:
    out.print(
        "[green]✓[/]" if good else "[red]✗[/]", escape(name), f"[dim]{escape(detail)}[/]", highlight=False
    )


@app.command()
def data(
    which: Annotated[
        str, typer.Argument(help="mnist, cifar10: download it.  digits: draw the built-in ones.")
    ],
    count: Annotated[int, typer.Option(min=60, help="Training images to draw (digits).")] = 60_000,
    target: Annotated[Path | None, typer.Option(help="Folder to fill instead of data/.")] = None,
) -> None:
    """Fetch MNIST or CIFAR-10, or draw the built-in digits, into data/."""
    from autograder.datasets.fetch import fetch

    if which not in ("mnist", "cifar10", "digits"):
        err.print(f"There is no data set {which!r}. Expected mnist, cifar10 or digits.")
        raise typer.Exit(MISUSE)
    raise typer.Exit(fetch(which, target=target, count=count))


@app.command()
def build(
    tasks: Tasks = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite notebooks edited by hand.")] = False,
) -> None:
    """Make source notebooks and recorded answers from assignments/, solutions/ and checks."""
    from autograder.authoring.build import build as build_tasks

    with explained():
        course = the_course()
        reports = build_tasks(
            course, chosen(course, tasks), force=force, progress=lambda task: err.print(f"… {task}")
        )
    for report in reports:
        out.print(f"{report.task}: {report.status}", highlight=False)
        for problem in report.problems:
            err.print(problem, style="red", markup=False, highlight=False)
    if any(report.problems for report in reports):
        raise typer.Exit(FAILED)


@app.command()
def release(
    tasks: Tasks = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite notebooks edited by hand.")] = False,
) -> None:
    """Make release/ with nbgrader and the students' package, and check that no solution is in either."""
    from autograder.authoring.release import release as release_tasks
    from autograder.grading.private import close_to_others

    with explained():
        course = the_course()
        names = chosen(course, tasks)
        released = release_tasks(course, names, force=force, progress=lambda step: err.print(f"… {step}"))
        close_to_others(course.root)  # nbgrader has made the gradebook
    for notebook in released.notebooks:
        out.print(f"released: {notebook}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"for students: {released.requirements.parent}/", markup=False, highlight=False, soft_wrap=True)


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, as task1_forward.ipynb.")],
    as_json: AsJson = False,
) -> None:
    """Run every check on a notebook of your own, here and without a sandbox."""
    from autograder.notebook.shell import run_checks

    raise typer.Exit(run_checks(notebook, as_json=as_json))


@app.command()
def grade(
    tasks: Annotated[list[str], typer.Argument(help="Tasks to grade.")],
    student: Annotated[
        list[str] | None, typer.Option("--student", help="Only this student; may be repeated.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("-j", "--jobs", min=1, help="Submissions at one time.")
    ] = os.cpu_count() or 1,
    feedback: Annotated[bool, typer.Option(help="Make feedback pages with nbgrader.")] = True,
    again: Annotated[
        bool, typer.Option("--again", help="Evaluate anew what the journal already has.")
    ] = False,
    unsafe_no_sandbox: Annotated[
        bool,
        typer.Option(
            "--unsafe-no-sandbox", help="Run student code without walls. Every grade is provisional."
        ),
    ] = False,
    as_json: AsJson = False,
    dask: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Evaluate on the workers of this Dask scheduler.")
    ] = "",
    insecure_cluster: Annotated[
        bool,
        typer.Option(
            "--insecure-cluster", help="Allow --dask an address that is neither loopback nor tls://."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Publish nothing; show who would move by how much.")
    ] = False,
) -> None:
    """Grade the submissions of TASKS in the sandbox, into nbgrader's gradebook."""
    from autograder.grading.cluster_address import require_private
    from autograder.grading.course_run import RunOptions, grade_task
    from autograder.grading.errors import ClusterError
    from autograder.grading.feedback import generate_feedback
    from autograder.grading.submission import students_of
    from autograder.reports import tables

    start = time.monotonic()
    totals: list[Any] = []
    with explained():
        course = the_graders_course()
        names = chosen(course, tasks)
        for name in student or []:
            if not any(name in students_of(course.submitted, task) for task in names):
                raise CourseError([f"There is no submission of student {name!r} in submitted/."])
        if unsafe_no_sandbox and dask:
            raise CourseError(["--dask needs the sandbox: leave out --unsafe-no-sandbox."])
        if insecure_cluster and not dask:
            raise CourseError(["--insecure-cluster is for --dask ADDRESS: leave it out."])
        if dask:
            try:
                require_private(dask, insecure=insecure_cluster)
            except ClusterError as error:
                raise CourseError([str(error)]) from None
        if not dask:
            warn_of_many(jobs)
        if unsafe_no_sandbox:
            err.print(
                "No sandbox: student code runs with your rights. Every grade is provisional.",
                style="bold red",
            )
        options = RunOptions(
            tuple(student or ()), jobs, not unsafe_no_sandbox, again, dask, dry_run, insecure_cluster
        )
        feedback = feedback and not dry_run
        changes: dict[str, list[Any]] = {}
        for task in names:
            changes[task] = []

            def tell(found: list[Any], task: str = task) -> None:
                changes[task] = found
                if not (dry_run or as_json):
                    say_moves(found)

            with a_bar(disable=as_json) as bar:
                graded = grade_task(course, task, options, shown_on(bar, task), tell, say_note)
            totals.append((task, graded))
            if dry_run and not as_json:
                for moved_task, found in by_task(changes[task]) or [(task, [])]:
                    out.print(tables.by_change(moved_task, found) if found else f"{task}: nobody moves")
            elif not as_json:
                show_class(task, graded)
        touched = [*names, *(change.task for found in changes.values() for change in found)]
        problems = (
            generate_feedback(course, list(dict.fromkeys(touched)), jobs, options.students)
            if feedback
            else []
        )
    if feedback and not as_json:
        out.print(
            "feedback:", f"{course.root}/feedback/STUDENT/TASK/TASK.html", highlight=False, soft_wrap=True
        )
        for problem in problems:
            err.print(problem, style="red", markup=False)
    faults = [row for _, graded in totals for row in graded if row.fault]
    if as_json:
        rows: dict[str, list[Any]] = {
            task: []
            if dry_run
            else [_as_json(row) | _moved(task, row.student, changes[task]) for row in graded]
            for task, graded in totals
        }
        for change in (change for found in changes.values() for change in found if dry_run):
            rows.setdefault(change.task, []).append(change.as_dict())
        typer.echo(json.dumps(rows))
    else:
        count = sum(len(graded) for _, graded in totals)
        students = {row.student for _, graded in totals for row in graded}
        if faults:
            err.print(
                f"{len(faults)} submissions were not graded: the grader failed. Nothing was published for them.",
                style="bold magenta",
            )
        typer.echo(
            f"graded {count - len(faults)} submissions of {len(students)} students in {time.monotonic() - start:.1f} s"
            + "; nothing was published" * dry_run
        )
    for line in arrivals(course, names, totals, missing_too=not student):
        (err if as_json else out).print(line, markup=False, highlight=False, soft_wrap=True)
    if faults or problems:
        raise typer.Exit(FAILED)


def arrivals(
    course: Course, names: list[str], totals: list[tuple[str, list[Any]]], *, missing_too: bool
) -> Iterator[str]:
    """What a person should know of how the class has handed in, a line each: who is missing, what nobody understood."""
    from autograder.calls.text import listed
    from autograder.grading.students import missing, not_understood, roster

    for task, graded in totals:
        for row in graded:
            if row.fault.startswith("one student"):
                yield f"{task}: not graded: {row.fault}"
    students = roster(course) if missing_too else []
    for task in names:
        if absent := missing(course, task, students):
            yield f"{task}: missing: {listed(absent, LISTED)}"
    if strange := not_understood(course):
        yield f"not understood in submitted/: {listed(strange, LISTED)}"


def _moved(task: str, student: str, changes: list[Any]) -> dict[str, Any]:
    """How a student's published points have moved: in the task, and by late days in others."""
    mine = [change for change in changes if change.student == student]
    own = [{"before": change.before, "after": change.after} for change in mine if change.task == task]
    others = {c.task: {"before": c.before, "after": c.after} for c in mine if c.task != task}
    return ({"moved": own[0]} if own else {}) | ({"moved_elsewhere": others} if others else {})


def by_task(changes: list[Any]) -> list[tuple[str, list[Any]]]:
    """The changes of each task."""
    names = dict.fromkeys(change.task for change in changes)
    return [(name, [change for change in changes if change.task == name]) for name in names]


def say_moves(changes: list[Any]) -> None:
    from autograder.grading.regrade import summary

    for task, found in by_task(changes):
        out.print(f"{task}: {summary(found)}", markup=False, highlight=False, soft_wrap=True)


def say_note(note: str) -> None:
    err.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)


def show_class(task: str, graded: list[Any]) -> None:
    from autograder.reports import tables

    if not graded:
        out.print(f"{task}: no submissions under submitted/*/{task}/.", highlight=False)
        return
    out.print(tables.by_student(task, graded))
    out.print(tables.by_check(graded))
    unknown = sum(row.late is not None and row.late.status == "not known" for row in graded)
    if unknown:
        out.print(
            f"{task}: {unknown} of {len(graded)} submissions have no timestamp.txt that can be read;"
            " whether they are late is not known",
            style="dim", highlight=False, soft_wrap=True,
        )  # fmt: skip


def _as_json(row: Any) -> dict[str, Any]:
    report = row.report
    return {
        "student": row.student,
        "points": report.points if report and not row.fault else None,
        "max_points": report.max_points if report else None,
        "fault": row.fault or None,
        "late": row.late.as_dict() if row.late else None,
        "grade": row.late.grade if row.late and not row.fault else None,
        "flags": list(row.all_flags),
        "provisional": bool(report and report.provisional),
        "checks": [check.as_dict() for check in report.checks] if report else [],
    }


@app.command()
def report(tasks: Tasks = None) -> None:
    """Show the published grades of a class again, by student and by check."""
    from autograder.grading.course_run import Graded
    from autograder.grading.journal import Journal
    from autograder.grading.students import present

    with explained():
        course = the_graders_course()
        names = chosen(course, tasks)
        lates, counts = settled(course), present(course)
        with Journal(course.root / "journal.db") as journal:
            for task in names:
                graded = [
                    Graded(student, result, fresh=False, flags=flags, late=lates.get((task, student)))
                    for student, result, flags in journal.grades(task)
                    if counts(task, student)
                ]
                if graded:
                    show_class(task, graded)
                else:
                    out.print(f"{task}: nothing graded yet", highlight=False)


def settled(course: Course) -> dict[tuple[str, str], Any]:
    """Due dates and penalties brought up to date, and who moves said; what they are, by (task, student)."""
    from autograder.grading.settling import settle_class

    found = settle_class(course)
    for note in found.notes:
        say_note(note)
    say_moves(found.changes)
    return found.lates


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="The CSV file to write.")] = Path("grades.csv"),
    checks: Annotated[Path | None, typer.Option(help="Also write a CSV with a row for every check.")] = None,
) -> None:
    """Write the gradebook as CSV with nbgrader, manual scores and late penalties included."""
    from autograder.reports.export import export_checks, export_gradebook

    with explained():
        course = the_graders_course()
        lates = settled(course)
        export_gradebook(course, to.resolve())
        out.print(f"grades: {to}", highlight=False)
        if checks is not None:
            rows = export_checks(course, list(course.tasks), checks, lates)
            out.print(f"checks: {checks} ({rows} rows)", highlight=False)


@app.command()
def audit(
    tasks: Tasks = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1, help="Fresh seeds to try each with. Below 10 a quick look, unless TASKS are named."
        ),
    ] = 20,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Trials at one time.")] = os.cpu_count()
    or 1,
    submission: Annotated[
        Path | None,
        typer.Option(help="Instead, grade past notebooks: one, a folder of them, or STUDENT/TASK/ folders."),
    ] = None,
    mistakes: Annotated[
        bool, typer.Option(help="Try the known mistakes too; without, many seeds look for false rejects.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Prove the checks: what is right passes in any style, every known mistake is rejected and named."""
    warn_of_many(jobs)
    if submission is not None:
        return audit_past(tasks, submission, jobs, as_json)
    from autograder.audit.course_audit import audit as audit_tasks
    from autograder.audit.course_audit import falls_short, slowest_diagnosis, totals
    from autograder.reports import audit_tables

    with explained(), a_bar(disable=as_json) as bar:
        course = the_course()
        thorough = bool(tasks) or seeds >= QUICK_SEEDS
        audits = audit_tasks(
            course,
            chosen(course, tasks),
            seeds,
            jobs,
            shown_on(bar, "audit"),
            thorough=thorough,
            mistakes=mistakes,
        )
    if as_json:
        typer.echo(json.dumps(totals(audits, seeds)))
    else:
        for one in audits if tasks and mistakes else ():
            out.print(audit_tables.by_check(one))
        out.print(audit_tables.by_task(audits))
        for line in audit_tables.for_the_author(audits) if thorough and mistakes else ():
            out.print(f"for the author: {line}", style="dim", markup=False, highlight=False)
        for line in audit_tables.shortcomings(audits):
            out.print(line, style="red", markup=False, highlight=False)
        sums = totals(audits, seeds)
        out.print(
            f"{seeds} seeds: {sums['caught']} of {sums['mistakes']} mistakes caught, {sums['named']} named,"
            f" {sums['false_rejects']} false rejects of {sums['alternatives']} alternatives and"
            f" {len(audits)} references; the slowest diagnosis took {slowest_diagnosis(audits):.2f} CPU seconds",
            highlight=False,
        )
    if falls_short(audits, seeds):
        raise typer.Exit(FAILED)


def audit_past(tasks: list[str] | None, path: Path, jobs: int, as_json: bool) -> None:
    from autograder.audit.past import grade_pool, read_pool
    from autograder.reports import tables

    with explained(), a_bar(disable=as_json) as bar:
        course = the_course()
        pool = read_pool(course, chosen(course, tasks), path)
        graded = grade_pool(course, pool, jobs, shown_on(bar, "past submissions"))
    if as_json:
        typer.echo(json.dumps({task: [_as_json(row) for row in rows] for task, rows in graded.items()}))
    else:
        for task, rows in graded.items():
            out.print(tables.matrix(task, rows))
            out.print(tables.by_check(rows))
    if any(row.fault for rows in graded.values() for row in rows):
        raise typer.Exit(FAILED)


@contest_app.command("images")
def contest_images(
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of any size. Without it, one made from the course secret.")
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, help="Images; the checks of adv1_contest expect 10 000.")
    ] = 10_000,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into.")] = Path("contest"),
) -> None:
    """Draw fresh digits: images for students, and labels that stay with you."""
    from autograder.contest.images import GUESSABLE, secret_seed, write_contest
    from autograder.grading.secret import course_secret

    with explained(), a_bar() as bar:
        if seed is None:
            course = the_course()
            seed = secret_seed(course_secret(course.root, course.seed_source))
        elif seed < GUESSABLE:
            err.print(
                f"The seed {seed} can be guessed, and with it every label. For a real contest leave it out."
            )
        files = write_contest(folder, seed=seed, count=count, progress=shown_on(bar, "drawing"))
    out.print(f"for students: {files.images}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"for you only: {files.labels}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demonstration course is made.")] = Path("demo"),
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1)] = os.cpu_count() or 1,
) -> None:
    """Make a class of twelve students, grade it, and show what comes out. Needs no data and no network."""
    from autograder.demo.run import make_class

    with explained():
        tasks = make_class(the_course(), folder, say=lambda text: err.print(text, highlight=False))
    os.chdir(folder)
    grade(tasks, None, jobs, True, False, False, False)
