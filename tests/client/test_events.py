"""What happens is followed over lost connections: nothing is missed, and nothing comes twice."""

import threading
from itertools import islice

from quickstudy import Client


def teach_soon(url, job, count, answer="billing"):
    """Lessons from another thread, with a client of its own."""

    def teach():
        with Client(url) as other:
            for number in range(count):
                other.teach(job, f"text {number} {answer}", answer)

    thread = threading.Thread(target=teach)
    thread.start()
    return thread


def test_events_come_as_they_happen(client, server, job):
    client.teach(job, "before", "billing")
    after = list(client.past_events(job))[-1].id
    thread = teach_soon(server.url, job, 5)
    found = list(islice(client.events(job, after=after), 5))
    thread.join()
    assert [event.kind for event in found] == ["lesson"] * 5
    assert [event.data["answer"] for event in found] == ["billing"] * 5


def test_a_stream_goes_on_where_it_was_lost(through, proxy, client, job):
    client.teach(job, "the first", "billing")
    stream = through.events(job, after=0)
    seen = [next(stream)]
    for number in range(2):
        proxy.cut()
        client.teach(job, f"text {number}", "billing")
        seen += islice(stream, len(list(client.past_events(job))) - len(seen))
    assert [event.id for event in seen] == [event.id for event in client.past_events(job)]


def test_a_stream_that_begins_now_misses_nothing_when_it_is_lost_before_its_first_event(through, proxy, client, job):
    client.teach(job, "before", "billing")
    stream = through.events(job)
    found = []
    thread = threading.Thread(target=lambda: found.append(next(stream)))
    thread.start()
    assert proxy.streaming.wait(10)
    proxy.cut()
    client.teach(job, "after", "fraud")
    thread.join(10)
    assert [event.data["answer"] for event in found] == ["fraud"]
