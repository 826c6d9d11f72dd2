"""The reference's answers, recorded: students run every check without the reference.

No expected value is ever typed in. A check is run with the reference on both sides, and what it asks the one and gets
back is kept with every random number drawn. Then it is run again on the recording alone, as a student would.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.errors import AuthoringError
from autograder.authoring.reference import files_at_hand, handed_in, reference_files_of, reference_namespace
from autograder.calls import Recorder, RecordingRng, Replayer, ReplayRng, Session, connect
from autograder.checks import Check, TaskData, load_checks
from autograder.checks.outcome import Status, run_check
from autograder.files import write_atomically
from autograder.notebook.answers import PACKAGE, read_index, recorded_path
from autograder.notebook.data import task_data
from autograder.sandbox.protocol import encode

PUBLIC_SEED = 784  # students may know these numbers; grading draws others
# Of one recording. What a check needs is far smaller, unless it hands the reference a whole data set.
LARGEST_BYTES = 8 * 2**20

# What decides a conversation, beside the reference and the task's own checks.
DEPENDENCIES = ("checks/*", "calls/*.py", "expect.py", "gradcheck.py", "relations.py", "notebook/data.py")


def record_answers(task: str, *, home: Path = PACKAGE.parent, data: str = "mnist") -> bool:
    """Write `autograder/recorded/<task>.npz`; False when it is there and nothing it depends on has changed.

    Args:
        home: the folder with `solutions/`.
        data: name of the task's data set.

    Raises:
        AuthoringError: the reference does not pass a check, live or from the recording.
    """
    checks = load_checks(task)
    part = task_data(data) if any(check.wants_data for check in checks.values()) else None
    digest = _digest(task, home, data, part)
    path = recorded_path(task)
    try:
        if read_index(path)["digest"] == digest:
            return False
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        pass
    conversations, problems = {}, []
    with files_at_hand(handed_in(home, task)):
        for check in checks.values():
            try:
                conversations[check.name] = _record(check, home, part)
            except AuthoringError as error:
                problems += error.problems
    if problems:
        raise AuthoringError(problems)
    content = _archive(conversations, {"digest": digest, "data": data})
    if len(content) > LARGEST_BYTES:
        size = f"the recorded answers take {len(content) >> 20} MB; at most {LARGEST_BYTES >> 20} are shipped"
        raise AuthoringError([f"autograder/checks/{task}.py: {size}. Ask the reference with fewer images"])
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, content)  # under a name of its own until it is whole: two may record at one time
    return True


def _record(check: Check, home: Path, data: TaskData | None) -> dict[str, Any]:
    student = Session(reference_namespace(home, check.task))
    recorder = Recorder(Session(reference_namespace(home, check.task)))
    rng = RecordingRng(np.random.default_rng([PUBLIC_SEED, zlib.crc32(check.name.encode())]))
    reference = connect(recorder, trusted=True)
    _demand_pass(check, connect(student), reference, rng, data, "the reference does not pass")
    again = connect(Session(reference_namespace(home, check.task)))
    replayer = connect(Replayer(recorder.log), trusted=True)
    what = "the reference does not pass on its own recording; does something in it vary from run to run?"
    _demand_pass(check, again, replayer, ReplayRng(rng.draws), data, what)
    conversation = {"draws": rng.draws, "log": recorder.log}
    try:
        text = json.dumps(encode(conversation)[0])
    except (TypeError, ValueError) as error:
        what = f"what it draws or asks the reference is no plain value ({error})"
        raise AuthoringError([_line(check, what)]) from None
    if "/.check-" in text:
        raise AuthoringError(
            [_line(check, "the recording holds a path of this machine; give files to the student only")]
        )
    return conversation


def _demand_pass(
    check: Check, student: Any, reference: Any, rng: Any, data: TaskData | None, otherwise: str
) -> None:
    result = run_check(check, student, reference, rng, data)
    if result.status is not Status.PASSED:
        raise AuthoringError([_line(check, f"{otherwise} ({result.status}): {result.message}")])


def _line(check: Check, what: str) -> str:
    place = check.place.removeprefix(f"{PACKAGE.parent}{os.sep}")
    return f"{place}: check {check.name}: {what}"


def _archive(conversations: Mapping[str, Any], about: dict[str, str]) -> bytes:
    """The bytes of the file, see `notebook.answers`. The same conversations always give the same bytes."""
    tree, arrays = encode(conversations)
    kept: dict[bytes, int] = {}
    members: dict[str, np.ndarray] = {}
    order = []
    for array in arrays:
        key = f"{array.dtype.str}{array.shape}".encode() + array.tobytes()
        order.append(kept.setdefault(hashlib.sha256(key).digest(), len(kept)))
        members.setdefault(f"a{order[-1]}", array)
    index = json.dumps({**about, "order": order, "tree": tree}, separators=(",", ":")).encode()
    members["index"] = np.frombuffer(index, dtype=np.uint8)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in members.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, array, allow_pickle=False)
            dated_1980 = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(dated_1980, data.getvalue(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _digest(task: str, home: Path, data: str, part: TaskData | None) -> str:
    files = [path for pattern in DEPENDENCIES for path in sorted(PACKAGE.glob(pattern)) if path.is_file()]
    # The checks of another task change nothing here; a helper shared by checks does.
    others = {path.name for path in (home / "solutions").glob("*.py")} - {f"{task}.py", "__init__.py"}
    files = [path for path in files if path.parent.name != "checks" or path.name not in others]
    digest = hashlib.sha256(f"{data} {PUBLIC_SEED}".encode())
    for path in [*files, *reference_files_of(home, task).values(), Path(__file__)]:
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    for array in [*part.train, *part.test] if part is not None else []:
        digest.update(array.tobytes())
    return digest.hexdigest()
