"""Libraries that lock their files, told not to: the system-call filter refuses file locks.

Nobody else can open a submission's files, so nothing is lost. HDF5 has an environment variable for it
(`backends.environment`). SQLite's way of working without locks is another of its "virtual file systems", which has to
be chosen in the process; that happens when the notebook imports it, since most never do.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _WhenSqliteIsImported:
    """An import hook that finds nothing itself and acts once, after the C part of `sqlite3` was loaded."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if name != "_sqlite3":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            _then(spec, _without_locks)
        return spec


def _then(spec: ModuleSpec, act: Any) -> None:
    loader: Any = spec.loader
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        # Where the library hides its symbols, databases in files fail with "access permission denied".
        with contextlib.suppress(OSError, AttributeError):
            act(module)

    loader.exec_module = exec_module


def _without_locks(module: ModuleType) -> None:
    import ctypes

    library = ctypes.CDLL(getattr(module, "__file__", None))
    library.sqlite3_vfs_find.restype = ctypes.c_void_p
    library.sqlite3_vfs_register.argtypes = (ctypes.c_void_p, ctypes.c_int)
    if without_locks := library.sqlite3_vfs_find(b"unix-none"):
        library.sqlite3_vfs_register(without_locks, 1)  # 1: as the default


def work_without_locks() -> None:
    """Let databases in files work although locks are refused."""
    sys.meta_path.insert(0, _WhenSqliteIsImported())
