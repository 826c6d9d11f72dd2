"""Text of unknown people, made harmless: the one function for every text that becomes part of a result.

Dictionary keys, names in an `.npz` file, file and folder names, exception messages and printed output all end up on a
terminal, in a table or on a page. A terminal obeys control sequences, bidirectional overrides reorder what stands
beside them, and zero-width characters make two names look alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LINE = 1000  # characters kept of a text that is shown on one line
COLOURS = re.compile(r"\x1b\[[0-9;:]{0,40}m")  # what coloured output consists of; dropped without a trace
LINE_ENDS = dict.fromkeys(map(ord, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
# Letters and marks that take no room, though Unicode does not call them format characters.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def clean(text: str, limit: int = LINE, *, lines: bool = False) -> str:
    """The beginning of ``text`` with nothing in it that a terminal, a table or a page would obey.

    Control and format characters (escape sequences, bidirectional overrides, zero-width characters), lone surrogates,
    private and unassigned characters become U+FFFD; colour sequences vanish. Cleaning twice changes nothing.

    Args:
        limit: characters kept.
        lines: keep line ends, all as ``\\n``, and tabs; otherwise both become spaces.
    """
    text = text[:limit]
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text:
        text = COLOURS.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return text.translate(_MANY if lines else _ONE)


def listed(texts: Sequence[str], most: int, separator: str = ", ") -> str:
    """The first ``most`` of ``texts`` on one line, and how many there are more."""
    more = [f"and {len(texts) - most} more"] if len(texts) > most else []
    return separator.join([*texts[:most], *more])


class _Table(dict[int, str]):
    """What becomes of each character, looked up in Unicode's tables when it is first met."""

    def __init__(self, line_end: str, tab: str) -> None:
        super().__init__(dict.fromkeys(LINE_ENDS, line_end) | {ord("\t"): tab})

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character) == "Zs":  # all spaces, as wide as the one of Japanese text
            kept = character
        else:
            kept = character if character.isprintable() and character not in INVISIBLE else REPLACEMENT
        self[code] = kept
        return kept


_ONE, _MANY = _Table(" ", " "), _Table("\n", "\t")
