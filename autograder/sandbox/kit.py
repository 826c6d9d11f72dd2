"""What may enter a student's machine or a sandbox: the one list, used for the wheel and for the grader's copy."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import py_compile
import shutil
import sys
import tempfile
from pathlib import Path

from autograder.files import replace_durably

PACKAGE = Path(__file__).resolve().parent.parent

# Never in this list: solutions, misconceptions, authoring, grading, the parent's side of the sandbox.
STUDENT_FILES = (
    "__init__.py",
    "__main__.py",
    "files.py",
    "py.typed",
    "calls/*.py",
    "checks/*.py",
    "checks/thresholds.json",
    "contest/__init__.py",
    "contest/predictions.py",
    "datasets/*.py",
    "notebook/*.py",
    "recorded/*.npz",
    "expect.py",
    "gradcheck.py",
    "relations.py",
    "sandbox/__init__.py",
    "sandbox/awaiting.py",
    "sandbox/cell_output.py",
    "sandbox/cells.py",
    "sandbox/definitions.py",
    "sandbox/enclosure.py",
    "sandbox/file_locks.py",
    "sandbox/later.py",
    "sandbox/magics.py",
    "sandbox/protocol.py",
    "sandbox/serve.py",
    "sandbox/syntax.py",
    "sandbox/worker.py",
)


def student_files() -> list[Path]:
    """The allowed files of this checkout, relative to the package, sorted."""
    return sorted(path.relative_to(PACKAGE) for pattern in STUDENT_FILES for path in PACKAGE.glob(pattern))


def stage(cache: Path) -> Path:
    """A copy of the allowed files under ``cache``, compiled, named after its content; made once or not at all."""
    contents = {path: (PACKAGE / path).read_bytes() for path in student_files() if path.suffix != ".npz"}
    digest = hashlib.sha256(sys.version.encode())
    for path, content in contents.items():
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    target = cache / f"kit-{digest.hexdigest()[:16]}"
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix="kit-", dir=cache))
    for path, content in contents.items():
        file = building / "autograder" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        if file.suffix == ".py":  # a sandbox starts per submission and could not keep what it compiles
            compiled = importlib.util.cache_from_source(str(file))
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(
                str(file), compiled, f"autograder/{path}", doraise=True, invalidation_mode=mode
            )
    for folder, _, files in os.walk(building):
        os.chmod(folder, 0o755)  # the sandbox's user is nobody's group
        for name in files:
            os.chmod(os.path.join(folder, name), 0o644)
    try:
        replace_durably(building, target)
    except OSError:  # another grader was first
        shutil.rmtree(building)
    return target
