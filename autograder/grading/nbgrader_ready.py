"""Imported before nbgrader and nbformat; it changes this process, not what they do.

It halves the time they take to import: jsonschema, which nbformat imports, builds 39 grammars for a text format
(RFC 3987) that no notebook uses, and does without when the package is not there. And it puts the programs of this
installation first on the PATH: nbgrader starts `alembic` by name, also where the environment was not activated.
"""

import os
import sys
from pathlib import Path

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_programs = str(Path(sys.executable).parent)
_path = os.environ.get("PATH", os.defpath).split(os.pathsep)
if _path[:1] != [_programs]:
    os.environ["PATH"] = os.pathsep.join([_programs, *_path])
