import threading

import pytest

from quickstudy.functions.worker import Worker


@pytest.fixture
def worker():
    made = Worker("test")
    yield made
    made.close()


def test_work_is_done_one_by_one_in_another_thread_and_lessons_go_first(worker):
    begun, go_on, done = threading.Event(), threading.Event(), []

    def wait():
        begun.set()
        assert go_on.wait(60)
        done.append("wait")

    futures = [worker.submit(wait)]
    assert begun.wait(60)
    futures += [worker.submit(done.append, "decide 1"), worker.submit(done.append, "decide 2")]
    futures += [worker.submit(done.append, "learn 1", first=True), worker.submit(done.append, "learn 2", first=True)]
    go_on.set()
    for future in futures:
        future.result(60)
    assert done == ["wait", "learn 1", "learn 2", "decide 1", "decide 2"]


def test_results_and_errors_come_back_and_what_is_cancelled_is_not_done(worker):
    begun, go_on, done = threading.Event(), threading.Event(), []
    first = worker.submit(lambda: (begun.set(), go_on.wait(60)))
    assert begun.wait(60)
    cancelled = worker.submit(done.append, "never")
    assert cancelled.cancel()
    failing = worker.submit(int, "no number")
    go_on.set()
    assert first.result(60) == (None, True)
    with pytest.raises(ValueError, match="no number"):
        failing.result(60)
    assert done == []
