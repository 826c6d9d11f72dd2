"""What `timestamp.txt` says: every form that a real one has, and what is in doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.timestamps import Stamp, decoded, read_stamp
from tests.properties import few

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
EVENING = datetime(2027, 4, 19, 14, 59, tzinfo=UTC)  # 23:59 in Tokyo


@pytest.mark.parametrize(
    "text",
    [
        "2027-04-19 14:59:00.000000 UTC",  # nbgrader's own
        "2027-04-19 14:59:00 UTC\r\n",
        "2027-04-19T14:59:00Z",
        "2027-04-19T23:59:00+09:00",
        "2027-04-19 23:59:00 +0900",
        "2027-04-19 23:59",
        "2027/4/19 23:59:00",
        "2027-04-19 23:59:00 JST",
        "2027-04-19 23:59:00 jst",
        "2027-04-19 07:59:00 PDT",
        "2027-04-19 06:59:00 PST",
        "2027-04-19 10:59:00 America/New_York",
        "2027-04-19 23:59 asia/tokyo",
        "2027-04-19 23:59 GMT+9",
        "2027-04-19 23:59 UTC+09:00",
        "2027-04-19T23:59+09:00[Asia/Tokyo]",
        "20270419T145900Z",
        "20270419235900",
        "1808146740",
        "1808146740000",
        "19.04.2027 23:59",
        "19/04/2027 23:59",
        "04/19/2027, 11:59:00 PM",
        "19-Apr-2027 23:59",
        "Monday, April 19, 2027 at 11:59 p.m.",
        "April 19th, 2027 7:59 AM PDT",
        "Mon, 19 Apr 2027 23:59:00 +0900 (JST)",
        "Mon Apr 19 23:59:00 JST 2027",
        "Mon 19 Apr 2027 11:59:00 PM JST",
        "Mon Apr 19 2027 23:59:00 GMT+0900 (Japan Standard Time)",
        "2027年4月19日(月) 23時59分",
        "２０２７年４月１９日 午後11:59",
        "\ufeff2027-04-19 23:59\n",
    ],
)
def test_a_moment_is_read_from_every_form(text: str) -> None:
    assert read_stamp(text, TOKYO) == Stamp(EVENING)


@pytest.mark.parametrize(
    ("text", "zone", "earliest", "says"),
    [
        ("03/04/2027 10:00 UTC", TOKYO, "2027-03-04 10:00", "two ways"),
        ("2027-04-19 10:00 CST", TOKYO, "2027-04-19 02:00", "CST, which has several meanings"),
        ("2027-04-19 10:00 IST", NEW_YORK, "2027-04-19 04:30", "IST, which has several meanings"),
        ("2027-11-07 01:30", NEW_YORK, "2027-11-07 05:30", "shown twice"),
        ("2027-11-07 01:30 America/New_York", TOKYO, "2027-11-07 05:30", "shown twice"),
        ("2027-03-14 02:30", NEW_YORK, "2027-03-14 06:30", "never shown"),
        ("2027-04-19 10:00 +0900 PST", TOKYO, "2027-04-19 01:00", "two zones that differ"),
        ("2027-04-19", TOKYO, "2027-04-18 15:00", "no time of the day"),
    ],
)
def test_a_doubt_is_said_and_gives_the_earliest_moment(
    text: str, zone: ZoneInfo, earliest: str, says: str
) -> None:
    stamp = read_stamp(text, zone)
    assert stamp.at == datetime.fromisoformat(earliest).replace(tzinfo=UTC)
    assert says in stamp.doubt


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2027-04-19 10:00 CST", ZoneInfo("Asia/Shanghai")),
        ("2027-04-19 10:00 IST", ZoneInfo("Asia/Kolkata")),
        ("2027-11-07 01:30 EST", NEW_YORK),  # the hour that is shown twice, with a name that tells
        ("03/03/2027 10:00", TOKYO),
    ],
)
def test_no_doubt_where_there_is_one_meaning(text: str, zone: ZoneInfo) -> None:
    stamp = read_stamp(text, zone)
    assert stamp.at is not None
    assert not stamp.doubt


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "23:59", "2027-02-30 10:00", "2027-04-19 25:00", "2027-04-19 10:60", "19/04/27 10:00",
        "2027-04-19 10:00 +99:00", "2027-04-19 10:00 XYZ", "2027-04-19 10:00 ../../etc/passwd", "99999999999999",
        "0001-01-01 00:00 +14:00", "9999-12-31 23:59 -12:00", "2027-04-19 13:00 PM", "<html>", "9" * 100_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_gives_no_moment_and_is_quoted(text: str) -> None:
    stamp = read_stamp(text, TOKYO)
    assert stamp.at is None
    assert text[:5] in stamp.doubt
    assert len(stamp.doubt) < 120


def test_an_empty_file_says_nothing_and_is_no_doubt() -> None:
    for text in ("", " \r\n", "\ufeff", "\0\0"):
        assert read_stamp(text, TOKYO) == Stamp(None)


def test_files_of_powershell_and_of_japanese_windows_are_text() -> None:
    text = "2027年4月19日 23:59"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp932"):
        assert read_stamp(decoded(text.encode(encoding)), TOKYO) == Stamp(EVENING)


@few
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_no_content_stops_the_reader_or_reaches_a_terminal(content: bytes) -> None:
    stamp = read_stamp(decoded(content), TOKYO)
    assert stamp.doubt.isprintable()


@few
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
    st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/London", "Asia/Kathmandu", "UTC"]),
)
def test_what_python_writes_is_read_back(local: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    shown = moment.astimezone(zone)
    for text in (shown.isoformat(), shown.isoformat(" "), f"{shown:%a, %d %b %Y %H:%M:%S %z}"):
        stamp = read_stamp(text, TOKYO)
        assert stamp.at is not None
        assert abs(stamp.at - moment) < timedelta(seconds=1)
        assert not stamp.doubt
