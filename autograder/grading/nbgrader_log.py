"""What nbgrader's own commands print, harmless: they repeat the names of students and of their files."""

from __future__ import annotations

import logging

from traitlets.config.application import LevelFormatter

from autograder.calls.text import clean

PRINTED = 2**20  # characters of one message


class PlainFormatter(LevelFormatter):
    """The usual lines of a Jupyter application, with nothing in them that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record), PRINTED, lines=True)
