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
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(log, text, name, said):
    with pytest.raises(InputError, match=said):
        read_event_log(log(text, name))


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
