"""Reading event logs: CSV and XES."""

import gzip

import pytest

from quickstudy.adapters.event_log import Case, LogEvent, read_event_log
from quickstudy.errors import InputError, TableError

CSV = """case,activity,timestamp,amount,vendor
b,pay,2026-03-02T10:00:00,12.5,Acme
a,register,2026-03-01T08:00:00+00:00,7,Bolt
a,check,1772355600,,Bolt
b,register,2026-03-02T09:00:00+00:00,12.5,Acme
"""

XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="UNKNOWN"/></global>
  <trace>
    <string key="concept:name" value="a"/>
    <int key="amount" value="7"/>
    <event>
      <string key="concept:name" value="register"/>
      <date key="time:timestamp" value="2026-03-01T08:00:00.000+00:00"/>
      <boolean key="urgent" value="true"/>
      <list key="notes"><string key="note" value="nested"/></list>
    </event>
    <event>
      <string key="concept:name" value="check"/>
      <date key="time:timestamp" value="2026-03-01T10:00:00.000+01:00"/>
      <float key="cost" value="1.5"/>
    </event>
  </trace>
</log>
"""


@pytest.fixture
def log(tmp_path):
    def write(text, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
        return path

    return write


def test_a_csv_is_read_as_cases_in_the_order_of_their_times(log):
    first, second = read_event_log(log(CSV))
    assert [first.id, second.id] == ["a", "b"]
    assert [event.activity for event in second.events] == ["register", "pay"]
    assert first.events[0] == LogEvent("register", 1772352000.0, {"amount": 7.0, "vendor": "Bolt"})
    assert first.events[1] == LogEvent("check", 1772355600.0, {"vendor": "Bolt"})


def test_other_columns_can_be_named_and_left_out(log):
    path = log(CSV.replace("case,activity,timestamp", "order,what,when"))
    [first, _] = read_event_log(path, case="order", activity="what", timestamp="when", attributes=["vendor"])
    assert first.events[0].attributes == {"vendor": "Bolt"}


@pytest.mark.parametrize("name", ["log.xes", "log.xes.gz"])
def test_xes_is_read_plain_and_gzipped(log, name):
    [case] = read_event_log(log(XES, name))
    assert case.id == "a"
    assert case.attributes == {"amount": 7}
    assert case.events == (
        LogEvent("register", 1772352000.0, {"urgent": True}),
        LogEvent("check", 1772355600.0, {"cost": 1.5}),
    )


def test_a_case_can_be_cut_to_its_first_events(log):
    [case] = read_event_log(log(XES, "log.xes"))
    assert case.first(1) == Case("a", case.events[:1], {"amount": 7})


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (CSV.replace("activity", "step"), "log.csv", "no column 'activity'"),
        (CSV.replace("b,pay", ",pay"), "log.csv", "Line 2 .* has no case"),
        (CSV.replace("2026-03-02T10:00:00", "yesterday"), "log.csv", "Line 2 .* is no time"),
        (XES.replace("</trace>", ""), "log.xes", "is not XES"),
        (XES.replace('value="7"', 'value="seven"'), "log.xes", "Line 7 .* is no int"),
        (XES.replace('"concept:name" value="check"', '"name" value="check"'), "log.xes", "no concept:name"),
        ("not gzip", "log.xes", "is not XES"),
        ("", "log.csv", "is empty"),
        ("", "log.xes", "is not XES"),
        ("<html><body/></html>", "log.xes", "begins with <html>"),
        (CSV.replace("b,pay", "  ,pay"), "log.csv", "Line 2 .* has no case"),
        (CSV.replace("b,pay", "b,  "), "log.csv", "Line 2 .* has no activity"),
        (CSV.replace("12.5,Acme", "x" * 200_000), "log.csv", "field larger than"),
        (CSV.replace("1772355600", "1772355600000"), "log.csv", "Line 4 .* is no time.*"),
        (CSV.replace("1772355600", "nan"), "log.csv", "Line 4 .* is no time"),
        (CSV.replace("1772355600", "0001-01-01T00:00+14:00"), "log.csv", "Line 4 .* is no time"),
        (XES.replace('value="7"', f'value="{"9" * 400}"'), "log.xes", "Line 7 .* is no int"),
        (XES.replace('encoding="UTF-8"', 'encoding="klingon"'), "log.xes", "unknown encoding"),
        (
            XES.replace('date key="time:timestamp" value="2026-03-01T08', 'string key="time:timestamp" value="mo'),
            "log.xes",
            "is no time",
        ),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(log, text, name, said):
    with pytest.raises(InputError, match=said):
        read_event_log(log(text, name))


def test_bytes_that_are_no_text_or_no_gzip_are_said(log, tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(CSV.replace("Acme", "Ærø").encode("latin-1"))
    with pytest.raises(TableError, match="not UTF-8") as caught:
        read_event_log(path)
    assert caught.value.next_step == "Save it as UTF-8."
    whole = gzip.compress(XES.encode())
    for broken in (whole[:-9], whole[:40] + bytes(byte ^ 255 for byte in whole[40:])):
        path = tmp_path / "broken.xes.gz"
        path.write_bytes(broken)
        with pytest.raises(TableError, match="Cannot read"):
            read_event_log(path)


def test_what_is_missing_in_a_log_is_left_out(log):
    xes = XES.replace('key="cost" value="1.5"', 'key="cost" value="NaN"')
    assert read_event_log(log(xes, "log.xes"))[0].events[1].attributes == {}
    assert read_event_log(log(CSV.replace(",amount", ",")))[0].events[0].attributes == {"vendor": "Bolt"}


def test_a_time_may_be_written_as_text(log):
    xes = XES.replace(
        '<date key="time:timestamp" value="2026-03-01T08', '<string key="time:timestamp" value="2026-03-01T08'
    )
    assert read_event_log(log(xes, "log.xes")) == read_event_log(log(XES, "other.xes"))


def test_a_file_that_is_missing_or_no_gzip_is_said(log, tmp_path):
    with pytest.raises(TableError, match="Cannot read"):
        read_event_log(tmp_path / "none.csv")
    path = tmp_path / "bad.xes.gz"
    path.write_text("plain")
    with pytest.raises(TableError, match="Cannot read"):
        read_event_log(path)


def test_entities_are_never_expanded(log):
    bomb = '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(TableError, match="document type"):
        read_event_log(log(XES.replace("<log", bomb + "<log").replace('"register"', '"&b;"'), "log.xes"))
