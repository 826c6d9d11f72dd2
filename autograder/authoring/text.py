"""Text files of authors, as any editor on any system leaves them."""

from __future__ import annotations

from pathlib import Path

from autograder.authoring.errors import AuthoringError


def read_text(path: Path, shown: str = "") -> str:
    """The text of ``path``, without a byte order mark and with ``\\n`` at the end of every line.

    Args:
        shown: the file's name in a message; its path when empty.

    Raises:
        AuthoringError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1} is no part of one"
        raise AuthoringError(
            [f"{shown or path}: not a UTF-8 text ({where}). Save it as UTF-8 in your editor."]
        ) from None
