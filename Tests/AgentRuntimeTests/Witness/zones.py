"""What the machine's zone database says about some zones, read by Python.

usage: zones.py FIRST-YEAR LAST-YEAR ZONE...

Prints one fact a line, instants in seconds since 1970:

    change ZONE INSTANT OFFSET
    means ZONE CASE LOCAL-TIME INSTANT
    day ZONE DATE SECONDS
"""

import datetime
import sys
import zoneinfo

UTC = datetime.timezone.utc
SECOND = datetime.timedelta(seconds=1)


def offset(zone, instant):
    local = datetime.datetime.fromtimestamp(instant, zone)
    return int(local.utcoffset().total_seconds())


def changes(zone, first, last):
    """All changes of the offset between two instants, at least two hours apart."""
    for begin in range(first, last, 3600):
        low, high = begin, begin + 3600
        if offset(zone, low) == offset(zone, high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if offset(zone, middle) == offset(zone, low):
                low = middle
            else:
                high = middle
        yield high


def means(zone, local, known):
    """The instant that a local time means: after a gap its end, of two instants the first."""
    first = local.replace(tzinfo=zone, fold=0)
    instant = int(first.timestamp())
    shown = datetime.datetime.fromtimestamp(instant, zone).replace(tzinfo=None)
    if shown == local:
        return instant
    # The clock never shows it; reading it with the offset before the gap falls after the gap.
    return max(change for change in known if change <= instant)


def cases(zone, known, year):
    """Local times around both changes of a year; of Berlin's where the zone has none."""
    spring = autumn = None
    for change in known:
        before, after = offset(zone, change - 1), offset(zone, change)
        utc = datetime.datetime.fromtimestamp(change, UTC).replace(tzinfo=None)
        old = utc + datetime.timedelta(seconds=before)
        new = utc + datetime.timedelta(seconds=after)
        if old.year != year:
            continue
        if new > old:
            spring = (old, new)
        else:
            autumn = (new, old)
    if spring is None:
        spring = (datetime.datetime(year, 3, 29, 2), datetime.datetime(year, 3, 29, 3))
        autumn = (datetime.datetime(year, 10, 25, 2), datetime.datetime(year, 10, 25, 3))
    for name, (begin, end) in (("gap", spring), ("overlap", autumn)):
        yield f"before-{name}", begin - SECOND
        yield f"first-of-{name}", begin
        yield f"middle-of-{name}", begin + (end - begin) / 2
        yield f"after-{name}", end


def main():
    first_year, last_year = int(sys.argv[1]), int(sys.argv[2])
    first = int(datetime.datetime(first_year, 1, 1, tzinfo=UTC).timestamp())
    last = int(datetime.datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp())
    for name in sys.argv[3:]:
        zone = zoneinfo.ZoneInfo(name)
        known = list(changes(zone, first, last))
        for change in known:
            print("change", name, change, offset(zone, change))
        for year in range(first_year, last_year + 1):
            for case, local in cases(zone, known, year):
                print("means", name, case, local.isoformat(), means(zone, local, known))
        midnight = datetime.datetime(first_year, 1, 1)
        while midnight.year <= last_year:
            following = midnight + datetime.timedelta(days=1)
            length = means(zone, following, known) - means(zone, midnight, known)
            print("day", name, midnight.isoformat(), length)
            midnight = following


main()
