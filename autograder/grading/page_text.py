"""A student's own text on a page that nbgrader makes: bounded, and such that it costs what it is long.

nbgrader's feedback and its formgrader give everything to Markdown, to a highlighter and to regular expressions that take
quadratic time on some texts: 60 000 opening brackets took a minute, 5 000 lines of one space another half.
"""

from __future__ import annotations

import re
from html import escape

from autograder.calls.text import clean

PAGE_CHARACTERS = 200_000  # of a student's own cells on one page; the course's longest notebook has 30 000
LINE_CHARACTERS = 400  # of one line; longer ones are broken, for the page only
BLANK_LINES = 20  # in a row
CUT = "[The rest is not shown here; the submission has it.]"
MANY_BLANK = re.compile(rf"\n{{{BLANK_LINES + 2},}}")
# What Markdown, MathJax or nbconvert's own expressions would read; as numbers they are the same on the page.
MARKS = {ord(c): f"&#{ord(c)};" for c in "[]$\\"}
INERT = (
    "tex2jax_ignore mathjax_ignore"  # classes of what MathJax, in its second and third version, leaves alone
)


class PageText:
    """What one page shows of the student's own cells, as long as there is room."""

    def __init__(self) -> None:
        self._room = PAGE_CHARACTERS

    def code(self, source: str) -> str:
        """A cell's code for the highlighter: the same text, without endless lines and endless blanks."""
        text = clean(source, self._room, lines=True)
        if len(source) > self._room:
            text += f"\n# {CUT}"
        self._room -= min(len(source), self._room)
        lines = (line.rstrip() for line in text.split("\n"))
        return MANY_BLANK.sub("\n" * (BLANK_LINES + 1), "\n".join(map(_broken, lines)))

    def verbatim(self, source: str) -> str:
        """A text cell as it was typed: a page that a teaching assistant opens runs nothing of a student."""
        text = self.code(source)
        return (
            f"<pre class='{INERT}' style='white-space:pre-wrap'>{inert(text)}</pre>" if text.strip() else ""
        )


def inert(text: str) -> str:
    """``text`` as HTML in which nothing is markup, Markdown or a formula."""
    return escape(text).translate(MARKS)


def _broken(line: str) -> str:
    if len(line) <= LINE_CHARACTERS:
        return line
    return "\n".join(line[i : i + LINE_CHARACTERS] for i in range(0, len(line), LINE_CHARACTERS))
