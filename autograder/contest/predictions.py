"""Reading `predictions.txt` of unknown people: one digit a line, for every contest image, and nothing else.

The form has no variants on purpose: whoever reads it (a student's check, the grader, the contest) sees the same digits.
"""

from __future__ import annotations

import numpy as np

COUNT = 10_000  # contest images, unless the instructor draws another number
SHOWN = 20  # characters of a wrong line in a message
BOM = b"\xef\xbb\xbf"


class PredictionsError(Exception):
    """The file is not what it should be; the message says where and how to mend it."""


def read_predictions(content: bytes, count: int = COUNT) -> np.ndarray:
    """The digits (count,) uint8 in the bytes of a `predictions.txt`.

    Every line is one of the characters 0 to 9 and ends with a line feed; the last one may lack it.

    Args:
        count: lines expected.

    Raises:
        PredictionsError: it has another number of lines, other characters, blank lines, a byte order mark, or the line
            ends of Windows. The message names the first line that is wrong, counted from 1.
    """
    if content.startswith(BOM):
        raise PredictionsError(
            "line 1 begins with a byte order mark (BOM): save the file as plain UTF-8 or ASCII"
        )
    if content and not content.endswith(b"\n"):
        content += b"\n"
    if len(content) == 2 * count:
        pairs = np.frombuffer(content, dtype=np.uint8).reshape(count, 2)
        digits = pairs[:, 0] - np.uint8(ord("0"))
        if (digits <= 9).all() and (pairs[:, 1] == ord("\n")).all():
            return digits
    # Something is wrong: find out what. At most one line more than expected is looked at, however long the file is.
    lines = content.split(b"\n", count + 1)[:-1]
    for number, line in enumerate(lines[:count], 1):
        if not (len(line) == 1 and line.isdigit()):
            raise PredictionsError(f"line {number} {_fault(line)}")
    found = f"{len(lines)} lines" if len(lines) <= count else f"more than {count} lines"
    raise PredictionsError(f"{found}, expected {count}: one for each contest image")


def _fault(line: bytes) -> str:
    if not line:
        return "is blank, expected a digit"
    if line.endswith(b"\r"):
        return 'ends as on Windows: write the file with open(path, "w", newline="\\n")'
    text = line[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN]
    return f"is {text!r}, expected one digit from 0 to 9 and nothing else"
