"""What nbgrader's own commands print, harmless: they repeat the names of students and of their files."""

from __future__ import annotations

import logging

from autograder.calls.text import clean

PRINTED = 2**20  # characters of one message
_plain = logging.Formatter()


class PlainText(logging.Filter):
    """Lets every record pass, with nothing in its text that a terminal would obey."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = clean(record.getMessage(), PRINTED, lines=True), ()
        if record.exc_info:
            record.exc_text = clean(_plain.formatException(record.exc_info), PRINTED, lines=True)
        return True
