"""Imported before nbgrader and nbformat: halves the time they take to import.

jsonschema, which nbformat imports, builds 39 grammars for a text format (RFC 3987) that no notebook uses. It does
without when the package is not there.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
