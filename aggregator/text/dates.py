"""Every date format in, aware UTC out; it alone reads the clock, and alone knows how publishers write a date.

Nothing is invented: a literal is read only if every sign of it is understood and year, month and day are all stated.
Sources: RFC 822 section 5, RFC 2822 sections 3.3 and 4.3, RFC 3339 section 5.6, RFC 9110 section 5.6.7 (HTTP-dates),
W3C-DTF (NOTE-datetime), ISO 8601, RFC 9557 section 4.1 (a zone's name in brackets).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from aggregator.text.date_names import DAY_FIRST_WORDS, MONTHS, SMALL_WORDS, WEEKDAYS, ZONES, fold, word_key

# A stated time up to this far ahead of us is taken for a clock that runs fast; beyond, first sight decides.
AHEAD = timedelta(minutes=15)
_AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = 200  # characters; the longest honest literal in ten languages stays under 100
_FIRST_YEAR = 1990  # no publisher's feed is older; years before it are a CMS's zero (0001, 1899, 1970) or a slip
_TIMESTAMPS = range(1_000_000_000, 4_102_444_800)  # 2001-09-09, the first of ten digits, to 2100


def utc_now() -> datetime:
    """Return this moment in UTC: the only place of the program that reads the clock."""
    return datetime.now(UTC)


def to_iso(moment: datetime) -> str:
    """Return the stored form, `2026-11-22T10:00:00Z`: no fraction, so that texts compare as the moments do.

    Raises ValueError for a naive datetime: taking it as the machine's local time would be a guess.
    """
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:
            raise ValueError(f"{moment!r} has no time zone")
        moment = moment.astimezone(UTC)
    # In two thirds of the time of `isoformat`, which writes the offset too, and half of that of format specifiers.
    day, time = (moment.year, moment.month, moment.day), (moment.hour, moment.minute, moment.second)
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % (*day, *time)  # noqa: UP031


def from_iso(text: str) -> datetime:
    """Return the aware UTC datetime of a text that `to_iso` wrote; raises ValueError for any other text."""
    moment = datetime.fromisoformat(text)
    if to_iso(moment) != text:
        raise ValueError(f"{text!r} is not of the form 2026-11-22T10:00:00Z")
    return moment


def for_people(moment: datetime | str, zone: tzinfo) -> str:
    """A time as every list, page, message and log says it, in the wire's time zone: `2026-11-22 13:00 EAT`, or
    `2026-11-22 10:00 UTC+3` where the zone has no name of letters. `moment`: aware, or the stored form.
    """
    local = (from_iso(moment) if isinstance(moment, str) else moment).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """`EAT`, or `UTC+3` where the zone of this time has no name of letters."""
    name = local.tzname() or ""
    if name.isalpha():
        return name
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


_OURS = re.compile(
    r"(?<![\"'\w=/-])(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::\d\d)?Z?| (\d\d:\d\d)(?::\d\d)? UTC)(?![\w+]|[.:]\d)", re.ASCII
)


def times_for_people(said: str, zone: tzinfo) -> str:
    """A message of this program, with the times in UTC that it names as `for_people` says them."""

    def in_zone(found: re.Match[str]) -> str:
        try:
            return for_people(datetime.fromisoformat(f"{found[1]}T{found[2] or found[3]}Z"), zone)
        except (ValueError, OverflowError):
            return found[0]

    return _OURS.sub(in_zone, said)


def duration(seconds: float) -> str:
    """A duration as a person says it: `40 s`, `2 min`."""
    return f"{max(1, round(seconds))} s" if seconds < 60 else f"{round(seconds / 60)} min"


def sort_time(published: datetime | None, updated: datetime | None, now: datetime) -> datetime:
    """Under which time a report that is first seen `now` is listed: the one that it states, unless that is ahead."""
    stated = published or updated
    return stated if stated and stated <= now + AHEAD else now


def read_date(literal: str | None) -> datetime | None:
    """Return the moment a publisher stated, in aware UTC and whole seconds; None when it cannot be read. Never raises.

    - A date without a time is midnight UTC (of the zone, if one is named), a time without a zone is UTC. So is a zone
      whose name is unknown, has several meanings (IST, BST), or is a military letter (RFC 2822 section 4.3). The
      caller keeps the literal, which says which of these it was.
    - Too coarse (2016, 2016-06), relative ("5 minutes ago"), of another calendar, or before 1990, which takes in the
      zero dates of CMSs (0000-00-00, 0001-01-01, the Unix epoch): None.
    - 05/06/2016 and 05-06-2016 are read when a word, a clock like 10h15 or Arabic digits show a language that puts the
      day first, or when one reading alone fits the stated weekday; else None. 05.06.2016 is day first wherever dots
      are the custom.
    - A wrong weekday is overlooked; a two-digit year is as in RFC 2822 section 4.3, and only beside a month's name.
    - 24:00 is the next day's midnight; a leap second is the second after it, as POSIX counts.
    """
    text = "" if literal is None else literal.strip()
    if not text or len(text) > _LONGEST:
        return None
    try:
        moment = _rfc3339(text) or _rfc822(text) or _timestamp(text) or _free(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=0) if moment.year >= _FIRST_YEAR else None


def read_since(text: str, now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """What a person at the keyboard means by a time: `90m`, `6h`, `2d`, `1w` before `now`, or a date, in `zone` unless
    it names one; else None.
    """
    if ago := _AGO.fullmatch(text.strip()):
        try:
            return now - int(ago[1]) * _UNITS[ago[2]]
        except OverflowError:  # before the year 1
            return None
    return read_moment(text, zone)


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment of a date that a person has typed, in `zone` unless it names one; else None."""
    moment = read_date(text)
    if moment is None or _names_zone(text):
        return moment
    try:
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None


def read_day(text: str, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """When the day begins and ends, in `zone`, that a person names by a date without a time; else None."""
    moment = read_date(text)
    if moment is None or _names_zone(text) or _clocks(_tokens(_COMMENT.sub(r"\1", fold(text.strip())))):
        return None
    day = moment.date()
    try:
        following = day + timedelta(days=1)
        begins, ends = (datetime(d.year, d.month, d.day, tzinfo=zone).astimezone(UTC) for d in (day, following))
    except OverflowError:
        return None
    return begins, ends


def _names_zone(text: str) -> bool:
    """Whether a text that `read_date` reads says in which zone it is: in words or numbers, or by being a timestamp."""
    folded = _COMMENT.sub(r"\1", fold(text.strip()))
    if folded.isdigit() and len(folded) >= 10:
        return True
    try:
        found = _tokens(folded)
    except ValueError:  # `2026-11-22T10:00:00Z` and the like, of which `read_date` has readers of their own
        return True
    words = (word_key(match[0]) for match in found["word"])
    return bool(found["offset"]) or any(word in ZONES or word == "z" for word in words)


def read_to_come(text: str, now: datetime) -> datetime | None:
    """What a person means by a time to come: `90m`, `6h`, `2d`, `1w` from `now`, or a later date; else None."""
    if wait := _AGO.fullmatch(text.strip()):
        try:
            return now + int(wait[1]) * _UNITS[wait[2]]
        except OverflowError:  # after the year 9999
            return None
    moment = read_date(text)
    return moment if moment and moment > now else None


# The two usual forms, and the shortest


def _rfc3339(text: str) -> datetime | None:
    """Read RFC 3339 and its shorter W3C-DTF and ISO 8601 kin, as far as the standard library does (not 24:00, `z`)."""
    if text[4:5] != "-" or text[10:11] not in ("T", " ", "") or len(text) < 10:
        return None  # 2020-W11 is a week: the standard library would give its Monday
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_RFC822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC?|Z|([+-]\d\d)(\d\d))",
    re.ASCII,
)


def _rfc822(text: str) -> datetime | None:
    """Read the form that RFC 2822 section 3.3 asks for; the zone -0000 (unknown) is UTC."""
    match = _RFC822.fullmatch(text)
    if match is None or match[2].lower() not in MONTHS:
        return None
    day, name, year, hour, minute, second, east, rest = match.groups()
    if int(second) > 59 or int(hour) > 23:
        return None
    moment = datetime(int(year), MONTHS[name.lower()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    return moment if east is None else moment - _offset(east[0], int(east[1:]), int(rest))


# Ten digits are seconds, thirteen milliseconds; but 2016062910 may as well be a date and an hour.
_TIMESTAMP = re.compile(
    r"(?!20\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])$)(\d{10})(?:\d{3})?(?:\.\d+)?", re.ASCII
)


def _timestamp(text: str) -> datetime | None:
    match = _TIMESTAMP.fullmatch(text)
    return datetime.fromtimestamp(int(match[1]), UTC) if match and int(match[1]) in _TIMESTAMPS else None


# Everything else: cut the text into tokens, each of a known kind, then put date, clock and zone together

_TOKEN = re.compile(
    r"""
    (?P<ymd> (?P<y>\d{4}) \s?(?P<cut>[-/.])\s? (?P<m>\d{1,2}) \s?(?P=cut)\s? (?P<d>\d{1,2}) (?!\d) )
  | (?P<dmy> (?P<one>\d{1,2}) \s?(?P<mark>[-/.])\s? (?P<two>\d{1,2}) \s?(?P=mark)\s? (?P<year>\d{4}) (?!\d) )
  | (?P<basic> (?P<date>\d{8}) (?: [T\s]? (?P<time>\d{4}(?:\d\d)?) )? (?!\d) )
  | (?P<clock> (?P<hour>\d{1,2}) (?:
        \s?:\s? (?P<colon> \d{1,2} (?: \s?:\s?\d{1,2} (?:[.,:]\d+)? )? )
      | \s? (?P<h>heures?|uhr|hrs?|hs|h)
        (?: \s?(?P<past>\d\d) (?: \s?m(?:in|n)?(?![^\W\d_]) )? (?: \s?(?P<s>\d\d)\s?s\b )? | \b )
      | \. (?P<dot>\d\d(?:\.\d\d)?)
      | (?= \s?(?:HALF) )
      ) (?![\d:]) (?: \s? (?P<half>HALF) )? )
  | (?P<offset> (?: (?:GMT|UTC?)\s? | (?<![^\W\d_]) ) (?P<sign>[+-])
        (?P<east>\d{1,2}) (?: :?(?P<rest>\d\d) )? (?![\d:]) )
  | (?P<number> (?P<digits>\d{1,4}) (?!\d) (?: (?:st|nd|rd|th|er|o|e)\b | \s?م\b )? )
  | (?P<gap> [\s,;.|/'"()\[\]،፣·•]+ | (?<!\d)- | -(?!\d) | am(?=\s\d\d?\.) )
  | (?P<word> (?:(?:كانون|تشرين)\s+)? [^\W\d_]+ )
    """.replace("HALF", r"[ap]\.?\s?m\b\.? | (?:صباحا|ص|مساءا?|م)\b"),
    re.VERBOSE | re.IGNORECASE,
)
# A comment after a stated offset says nothing more: "+0100 (CET)", "+02:00[Europe/Paris]", JavaScript's long names.
_COMMENT = re.compile(r"([+-]\d{1,2}:?\d\d|GMT|UTC|Z)\s*[(\[][^()\[\]]*[)\]]$", re.IGNORECASE)

_Tokens = dict[str, list[re.Match[str]]]


def _free(text: str) -> datetime:
    """Read any other form; raises ValueError or OverflowError."""
    found = _tokens(_COMMENT.sub(r"\1", fold(text)))
    words, offset = _words(found)
    year, month, day = _day(found, words)
    hour, minute, second = _clock(found)
    if "saa" in words and 1 <= hour <= 12:
        raise ValueError("the Swahili clock counts from six: saa 4 may be 10:00 or 04:00")
    carry = timedelta(days=hour // 24, seconds=second // 60)
    return datetime(year, month, day, hour % 24, minute, min(second, 59), tzinfo=UTC) + carry - offset


def _tokens(text: str) -> _Tokens:
    found: _Tokens = {kind: [] for kind in ("ymd", "dmy", "basic", "clock", "offset", "number", "gap", "word")}
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or position > _LONGEST:  # folding can lengthen a text
            raise ValueError(f"not understood: {text[position : position + 20]!r}")
        found[str(match.lastgroup)].append(match)
        position = match.end()
    return found


def _words(found: _Tokens) -> tuple[list[str], timedelta]:
    """Return the keys of the words that are no zones, and the one offset from UTC that is stated (0: none)."""
    words: list[str] = []
    zones: set[timedelta] = set()
    for match in found["word"]:
        key = word_key(match[0])
        after_clock = bool(found["clock"]) and found["clock"][0].start() < match.start()
        if key in MONTHS or key in WEEKDAYS:
            words.append(key)
        elif key in ZONES:
            zones.add(timedelta(minutes=ZONES[key]))
        elif after_clock and len(key) <= 5 and key.isascii() and match[0].isupper():
            zones.add(timedelta())  # a zone of unknown or doubtful name
        elif key in SMALL_WORDS:
            words.append(key)
        else:
            raise ValueError(f"unknown word: {key}")
    # A number is surer than a name: EST -0500, CET (+0100), GMT+2.
    stated = {_offset(match["sign"], int(match["east"]), int(match["rest"] or 0)) for match in found["offset"]} or zones
    if len(stated) > 1 or (found["offset"] and not _clocks(found)):
        raise ValueError("more than one zone, or a zone without a time")
    return words, stated.pop() if stated else timedelta()


def _offset(sign: str, hours: int, minutes: int) -> timedelta:
    offset = timedelta(hours=hours, minutes=minutes)
    if offset >= timedelta(days=1):
        raise ValueError("no zone is a day away from UTC")
    return -offset if sign == "-" else offset


def _day(found: _Tokens, words: Sequence[str]) -> tuple[int, int, int]:
    """Return the one stated (year, month, day)."""
    dates = [*found["ymd"], *found["dmy"], *found["basic"]]
    months = _months(words, numeric=bool(dates))
    if not dates and len(months) == 1 and len(found["number"]) == 2:
        first, second = (match["digits"] for match in found["number"])
        day, year = (second, first) if len(first) == 4 else (first, second)
        return _full_year(year), months.pop(), int(day)
    if len(dates) != 1 or months or found["number"] or any("\u1200" <= word[0] <= "\u137f" for word in words):
        # Amharic words beside numbers alone do not say which calendar counts: the Ethiopian runs seven years behind.
        raise ValueError("not one date")
    match = dates[0]
    if found["basic"]:
        return int(match["date"][:4]), int(match["date"][4:6]), int(match["date"][6:])
    if found["ymd"]:
        return int(match["y"]), int(match["m"]), int(match["d"])
    day_first = match["mark"] == "." or any(word in DAY_FIRST_WORDS for word in words)
    day_first = day_first or any(each["h"] or not each[0].isascii() for each in (match, *found["clock"]))
    weekdays = {WEEKDAYS[word] for word in words if word in WEEKDAYS}
    return _day_and_month(int(match["year"]), (int(match["one"]), int(match["two"])), day_first, weekdays)


def _months(words: Sequence[str], numeric: bool) -> set[int]:
    """Return the months named. "Mar" is March or mardi: beside another month or a date in numbers it is the weekday."""
    sure = {MONTHS[word] for word in words if word in MONTHS and word not in WEEKDAYS}
    doubtful = [MONTHS[word] for word in words if word in MONTHS and word in WEEKDAYS]
    return sure or set(doubtful[-1:] if not numeric else [])


def _full_year(digits: str) -> int:
    """Return the year as RFC 2822 section 4.3 reads it: 00 to 49 are 20xx, other two or three digits 1900 + n."""
    if len(digits) not in (2, 3, 4):
        raise ValueError(f"not a year: {digits}")
    return int(digits) + (0 if len(digits) == 4 else 2000 if len(digits) == 2 and int(digits) < 50 else 1900)


def _day_and_month(year: int, pair: tuple[int, int], day_first: bool, weekdays: set[int]) -> tuple[int, int, int]:
    """Return (year, month, day) if the pair can mean only one: see `read_date`."""
    one, two = pair
    readings = {(month, day) for day, month in ((one, two), (two, one)) if month <= 12}
    if len(readings) > 1 and day_first:
        readings = {(two, one)}
    if len(readings) > 1:
        readings = {(month, day) for month, day in readings if date(year, month, day).weekday() in weekdays}
    if len(readings) != 1:
        raise ValueError("day and month could be either way round")
    return (year, *readings.pop())


def _clocks(found: _Tokens) -> list[re.Match[str]]:
    return found["clock"] + [match for match in found["basic"] if match["time"]]


def _clock(found: _Tokens) -> tuple[int, int, int]:
    """Return the one stated (hour, minute, second), midnight if there is none; the hour may be 24, the second 60."""
    clocks = _clocks(found)
    if not clocks:
        return 0, 0, 0
    if len(clocks) > 1:
        raise ValueError("more than one time")
    match = clocks[0]
    if digits := match["time"]:
        parts = [digits[:2], digits[2:4], digits[4:]]
    else:
        tail = match["colon"] or match["dot"] or f"{match['past'] or 0}:{match['s'] or 0}"
        parts = [match["hour"], *re.findall(r"\d+", tail)[:2]]
    hour, minute, second = ([int(part or 0) for part in parts] + [0])[:3]
    hour = _hour_of_24(hour, (match["half"] or "").lower())
    if (hour, minute, second) > (24, 0, 0) or minute > 59 or second > 60:
        raise ValueError("no such time")
    return hour, minute, second


def _hour_of_24(hour: int, half: str) -> int:
    """Return the hour of the day. Redundant halves (15:30 pm, 00:10 am) are overlooked, contradictory ones are not."""
    if not half:
        return hour
    afternoon = half[0] in "pم"
    if (afternoon and hour == 0) or (not afternoon and hour > 12):
        raise ValueError("the half of the day contradicts the hour")
    return hour % 12 + 12 * afternoon if hour <= 12 else hour
