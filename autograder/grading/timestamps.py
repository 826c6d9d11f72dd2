"""When something was handed in: what `timestamp.txt` says, in the forms that nbgrader, learning management systems,
shells and people write.

A text that can be read in several ways gives the earliest moment of all readings, so that a doubt makes nobody late,
and says so. A text that cannot be read gives no moment.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache, partial

from autograder.calls.text import clean
from autograder.notebook.cells import as_utf8

LONGEST = 120  # characters of a text that can be a moment
SHOWN = 40  # characters of it in a message

_pattern = partial(re.compile, flags=re.IGNORECASE)

# Hours from UTC by the abbreviation of a zone; several where it has several meanings.
ABBREVIATIONS: dict[str, tuple[float, ...]] = {
    "UTC": (0,), "UT": (0,), "GMT": (0,), "Z": (0,), "ZULU": (0,), "WET": (0,), "WEST": (1,), "CET": (1,),
    "CEST": (2,), "MET": (1,), "MEST": (2,), "EET": (2,), "EEST": (3,), "MSK": (3,), "TRT": (3,), "IDT": (3,),
    "PKT": (5,), "NPT": (5.75,), "ICT": (7,), "WIB": (7,), "WITA": (8,), "WIT": (9,), "HKT": (8,), "SGT": (8,),
    "PHT": (8,), "MYT": (8,), "AWST": (8,), "JST": (9,), "KST": (9,), "ACST": (9.5,), "ACDT": (10.5,),
    "AEST": (10,), "AEDT": (11,), "NZST": (12,), "NZDT": (13,), "NST": (-3.5,), "NDT": (-2.5,), "EST": (-5,),
    "EDT": (-4,), "CDT": (-5,), "MST": (-7,), "MDT": (-6,), "PST": (-8,), "PDT": (-7,), "AKST": (-9,),
    "AKDT": (-8,), "HST": (-10,), "BRT": (-3,), "ART": (-3,), "CLT": (-4,), "CLST": (-3,), "SAST": (2,),
    "EAT": (3,), "WAT": (1,), "CAT": (2,),
    "CST": (-6, 8, -5),  # North America, China, Cuba
    "IST": (5.5, 2, 1),  # India, Israel, Ireland
    "BST": (1, 6, 11),  # Britain, Bangladesh, Bougainville
    "AST": (-4, 3),  # Atlantic, Arabia
    "ADT": (-3, 4),
    "GST": (4, -2),  # Gulf, South Georgia
    "SST": (-11, 8),  # Samoa, Singapore
    "WST": (8, 13),  # Western Australia, Samoa
    "AMT": (-4, 4),  # Amazon, Armenia
    "ECT": (-5, -4),  # Ecuador, Eastern Caribbean
}  # fmt: skip
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
WEEKDAY = _pattern(r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]?")
TIME = _pattern(
    r"(?<![\d:+.-])(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?(?![\d:])",
)
COMPACT = _pattern(r"(\d{4})(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)(?!\d)")
EPOCH = _pattern(r"@?(\d{10})(?:\.\d+)?|(\d{13})")
DATES = [
    _pattern(r"(?<!\d)(?P<year>\d{4})([-/.])(?P<mon>\d{1,2})\2(?P<day>\d{1,2})(?!\d)"),
    _pattern(r"(?<!\d)(?P<day>\d{1,2})\.\s?(?P<mon>\d{1,2})\.\s?(?P<year>\d{4})(?!\d)"),
    _pattern(r"(?<!\d)(?P<first>\d{1,2})([-/])(?P<second>\d{1,2})\2(?P<year>\d{4})(?!\d)"),
    _pattern(
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-\s.]*(?:of\s+)?{MONTH}[-,\s]*(?P<year>\d{{4}})(?!\d)",
    ),
    _pattern(rf"\b{MONTH}[-\s]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)"),
    # `date` of Unix: the year stands behind the zone.
    _pattern(
        rf"\b{MONTH}\s+(?P<day>\d{{1,2}})\b(?P<between>[^\d]*(?:[+-]\d{{4}})?[^\d]*)\b(?P<year>\d{{4}})$",
    ),
    _pattern(
        rf"(?<!\d)(?P<day>\d{{1,2}})\s+{MONTH}\b(?P<between>[^\d]*(?:[+-]\d{{4}})?[^\d]*)\b(?P<year>\d{{4}})$",
    ),
]
OFFSET = _pattern(r"(?P<name>UTC|GMT)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?")
FURTHEST = timedelta(hours=15)  # no zone is further from UTC
HALVES = {"午前": "am", "午後": "pm"}


@dataclass(frozen=True)
class Stamp:
    """A moment that was read from a text.

    Attributes:
        at: the moment, the earliest of all readings, in UTC; None when there is none or it cannot be read.
        doubt: what is odd about it, in words; "" when nothing is.
        day: the text names just this day and no time; ``at`` is the day's first moment.
    """

    at: datetime | None
    doubt: str = ""
    day: date | None = None


def decoded(content: bytes) -> str:
    """The text of a small file, whoever wrote it: UTF-8, UTF-16 as PowerShell writes it, or Japanese Windows."""
    content = b"".join(as_utf8([content]))
    if content.startswith(codecs.BOM_UTF8):
        return content.decode("utf-8-sig", "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp932", "replace")


def read_stamp(text: str, zone: tzinfo) -> Stamp:
    """The moment that ``text`` names; a time without a zone is in ``zone``.

    Raises nothing: what cannot be read gives no moment and a doubt that quotes it.
    """
    lines = [line for line in text.replace("\0", "").lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        return Stamp(None)
    shown = _shown(lines[0])
    try:
        moments, day, why = _moments(lines[0], zone)
        if not all(MINYEAR < moment.year < MAXYEAR for moment in moments):
            raise ValueError("shown in another time zone it would be a year that does not exist")
    except (ValueError, ArithmeticError):
        return Stamp(None, f"{shown} cannot be read as a date and a time")
    first = min(moments)
    if len(moments) > 1:
        why = f"{shown} {why}; taken as {first.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}, the earliest"
    elif why:
        why = f"{shown} {why}"
    return Stamp(first, why, day)


def _shown(text: str) -> str:
    text = clean(text.strip())
    return f"“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”"


def _moments(line: str, zone: tzinfo) -> tuple[set[datetime], date | None, str]:
    """All moments that a line may mean, the day if it names just that, and what is odd about it."""
    text = _plain(line) if len(line) <= LONGEST else line
    if len(text) > LONGEST:
        raise ValueError("too long")
    if epoch := EPOCH.fullmatch(text):
        seconds = float(text.lstrip("@")) if epoch[1] else int(epoch[2]) / 1000
        return {datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)}, None, ""
    time = TIME.search(text)
    rest = text if time is None else f"{text[: time.start()].rstrip('Tt,')} {text[time.end() :]}".strip()
    days, rest = _days(WEEKDAY.sub(" ", rest).strip())
    names = rest.strip(" ,;").removeprefix("at ").strip()
    names = "" if names.lower() in ("t", "at") else names
    clock = timedelta() if time is None else _clock(time)
    found: set[datetime] = set()
    reasons = ["names a day that can be read in two ways"] if len(days) > 1 else []
    for day in days:
        moments, why = _zoned(day + clock, names, zone)
        found |= moments
        reasons += [why] if why else []
    if time is None:
        reasons.append("names no time of the day")
    day_alone = days[0].date() if time is None and len(days) == 1 and not names else None
    return found, day_alone, " and ".join(dict.fromkeys(reasons))


def _plain(line: str) -> str:
    """``line`` with ordinary digits, signs and one kind of blank."""
    text = unicodedata.normalize("NFKC", line).replace("−", "-")
    text = re.sub(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日", r"\1-\2-\3 ", text)
    text = re.sub(r"(\d{1,2})\s*時\s*(\d{1,2})\s*分(?:\s*(\d{1,2})\s*秒)?", _japanese_time, text)
    for word, half in HALVES.items():
        text = re.sub(rf"{word}\s*([\d:]+)", rf"\1 {half}", text)
    text = re.sub(r"\([日月火水木金土]\)|[日月火水木金土]曜日?", " ", text)
    text = COMPACT.sub(r"\1-\2-\3T\4:\5:\6", text)
    return " ".join(text.split())


def _japanese_time(match: re.Match[str]) -> str:
    return ":".join(f"{int(part):02}" for part in match.groups() if part is not None)


def _days(text: str) -> tuple[list[datetime], str]:
    """The first moments of the days that ``text`` may name, and what else stands in it."""
    for pattern in DATES:
        match = pattern.search(text)
        if match is None:
            continue
        parts = match.groupdict()
        rest = " ".join([text[: match.start()], parts.get("between") or "", text[match.end() :]])
        year = int(parts["year"])
        if parts.get("month"):
            orders = [(MONTHS.index(parts["month"][:3].lower()) + 1, int(parts["day"]))]
        elif "first" in parts:
            first, second = int(parts["first"]), int(parts["second"])
            orders = [(m, d) for m, d in dict.fromkeys([(first, second), (second, first)]) if m <= 12]
        else:
            orders = [(int(parts["mon"]), int(parts["day"]))]
        if not orders:
            raise ValueError("no such month")
        return [datetime(year, month, day) for month, day in orders], " ".join(rest.split())
    raise ValueError("no date")


def _clock(match: re.Match[str]) -> timedelta:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + 12 * (match["half"].lower() == "p")
    clock = timedelta(hours=hour, minutes=minute, seconds=second)
    if minute > 59 or second > 60 or clock > timedelta(days=1):
        raise ValueError("no such time")
    return clock + timedelta(microseconds=int(f"{match['fraction'] or 0:0<6}"[:6]))


def _zoned(local: datetime, names: str, zone: tzinfo) -> tuple[set[datetime], str]:
    """The moments at which a clock shows ``local`` in the zone that ``names`` says, and what is odd about that."""
    bracket = re.search(r"\[([\w/+-]+)\]$", names)  # 2027-04-19T23:59+09:00[Asia/Tokyo]
    comment = re.search(r"\s*\(([^()]*)\)$", names)  # GMT+0900 (Japan Standard Time)
    for extra in (bracket, comment):
        if extra:
            names = names[: extra.start()].strip() or extra[1].strip()
    if not names:
        return moments_of(local, zone)
    if offset := OFFSET.fullmatch(names):
        return moments_of(local, _offset(offset))
    parts = names.split()
    offsets = [found for part in parts if (found := OFFSET.fullmatch(part)) and not found["name"]]
    if len(parts) == 2 and len(offsets) == 1:  # +0900 JST: both must agree
        (other,) = (part for part in parts if part != offsets[0][0])
        said, _ = moments_of(local, _offset(offsets[0]))
        meant, _ = _named(local, other, zone)
        return (said, "") if said <= meant else (said | meant, "names two zones that differ")
    return _named(local, names, zone)


def _named(local: datetime, name: str, zone: tzinfo) -> tuple[set[datetime], str]:
    hours = ABBREVIATIONS.get(name.upper())
    if hours is None:
        return moments_of(local, _iana(name))
    if len(hours) > 1 and local.replace(tzinfo=zone).tzname() == name.upper():
        return moments_of(local, zone)  # what the course's own clocks say has one meaning
    moments = {moment for each in hours for moment in moments_of(local, timezone(timedelta(hours=each)))[0]}
    return moments, f"names the zone {name.upper()}, which has several meanings" if len(hours) > 1 else ""


def _offset(match: re.Match[str]) -> tzinfo:
    size = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if size > FURTHEST:
        raise ValueError("no such zone")
    return timezone(-size if match["sign"] == "-" else size)


def _iana(name: str) -> tzinfo:
    known = _iana_names().get(name.lower())
    if known is None:
        raise ValueError("no such zone")
    return zoneinfo.ZoneInfo(known)


@cache
def _iana_names() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones()}


def moments_of(local: datetime, zone: tzinfo) -> tuple[set[datetime], str]:
    """The moments, in UTC, at which clocks in ``zone`` show ``local``, and what is odd about it in words.

    Two where the clocks were set back, two possible ones where they were set forward and never showed it.
    """
    moments = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    if len(moments) == 1:
        return moments, ""
    shown = {moment.astimezone(zone).replace(tzinfo=None) for moment in moments}
    how = "is shown twice by the clocks" if shown == {local} else "is never shown by the clocks"
    return moments, f"{how} of {zone}, which change for summer"
