from __future__ import annotations

import itertools
import threading

from hypothesis import given
from hypothesis import strategies as st

from quickstudy.journal import HybridClock, new_id
from quickstudy.journal.clock import wall_seconds


@given(st.lists(st.floats(-1e6, 4e9), min_size=1, max_size=50))
def test_readings_increase_whatever_the_wall_clock_does(walls: list[float]):
    clock = HybridClock("a")
    readings = [clock.tick(now=wall) for wall in walls]
    assert all(a < b for a, b in itertools.pairwise(readings))
    assert all(wall_seconds(r) >= int(max(w, 0) * 1000) / 1000 for r, w in zip(readings, walls, strict=True))


def test_a_reading_follows_the_wall_clock_and_what_was_observed():
    clock = HybridClock("a")
    assert wall_seconds(clock.tick(now=1000.5)) == 1000.5
    clock.observe(5000 << 16)
    assert clock.tick(now=1.0) > 5000 << 16
    ahead = HybridClock("b")
    ahead.observe(clock.last + 10)
    assert ahead.tick(now=0.0) == clock.last + 11
    ahead.observe(0)
    assert ahead.tick(now=0.0) == clock.last + 12


def test_more_ticks_in_a_millisecond_than_the_counter_holds_still_increase():
    clock = HybridClock("a")
    readings = [clock.tick(now=1.0) for _ in range(70_000)]
    assert len(set(readings)) == 70_000
    assert readings == sorted(readings)


def test_threads_never_get_one_reading_twice():
    clock = HybridClock("a")
    readings: list[int] = []

    def work() -> None:
        readings.extend([clock.tick(now=1.0) for _ in range(2000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(readings)) == 8000


def test_ids_differ():
    assert len({new_id() for _ in range(1000)}) == 1000
