"""Reading server-sent events from bytes as they come."""

import pytest

from quickstudy.client.event_stream import EventStream, Happening

CONTENT = 'retry: 2500\n\n: alive\n\nid: 7\nevent: lesson\ndata: {"by":\ndata: "anna\u2028"}\n\nid: 8\ndata: plain\n\n'


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_the_same_however_the_bytes_are_cut(ends, size):
    content = CONTENT.replace("\n", ends).encode()
    stream = EventStream()
    found = [event for i in range(0, len(content), size) for event in stream.feed(content[i : i + size])]
    found += stream.feed(b"\n" if ends == "\r" else b"")
    assert found == [Happening("7", "lesson", {"by": "anna\u2028"}), Happening("8", "message", "plain")]
    assert (stream.last_id, stream.retry) == ("8", 2.5)


def test_half_an_event_is_dropped_when_the_connection_was_lost():
    stream = EventStream("3")
    assert list(stream.feed(b'id: 4\ndata: "whole"\n\nid: 4\nevent: lesson\ndata: "ha')) == [
        Happening("4", "message", "whole")
    ]
    stream.reconnected()
    assert stream.last_id == "4"
    assert list(stream.feed(b'id: 5\ndata: "next"\n\n')) == [Happening("5", "message", "next")]


def test_an_event_without_data_is_none():
    assert list(EventStream().feed(b"id: 9\nevent: lesson\n\n")) == []
