"""The laws for tasks of many steps: replay, merge, forget, reading, the same ids."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from property.scripts import ENCODER, NAMES, law, probes, situations
from quickstudy import Job, Learner
from quickstudy.checks import require_same_learner
from quickstudy.episodes import Episodes
from quickstudy.errors import InputError

JOB = Job("laws", NAMES[:3], features=32, rewards={"time": -0.1, "care": {"weight": 2.0, "saturates": 1.5}})
REWARDS = [1.0, -0.5, {"time": 2.0}, {"care": 1.0}, {"time": 1.0, "care": -4.0}]
OUTCOMES = [True, False, None, True]
SMALL = st.integers(0, 5)


@dataclass
class Play:
    """A learner with the tasks that it has begun."""

    learner: Learner
    name: str
    kind: str = "text"
    tasks: list = field(default_factory=list)
    begun: int = 0
    clock: float = 0.0

    def perform(self, script):
        for verb, which, what in script:
            self.clock += 1.0
            if verb == "begin" or not self.tasks:
                self.begun += 1
                stop = 0.3 if what % 2 else None
                self.tasks.append(self.learner.task(f"{self.name}-{self.begun}", stop=stop))
            task = self.tasks[which % len(self.tasks)]
            if verb == "decide":
                options = NAMES[: 1 + what % 3] if what % 2 else None
                task.decide(situations(self.kind)[which], options, at=self.clock)
            elif verb == "end":
                task.end(OUTCOMES[what % 4], cut_off=what == 5, at=self.clock)
                self.tasks.remove(task)
            elif verb == "forget":
                self.forget(which, what)
            elif task.steps and verb == "reward":
                self.passing(task.reward, REWARDS[what % len(REWARDS)], at=self.clock)
            elif task.steps and verb == "teach":
                self.passing(task.teach, -1, NAMES[what % 3], at=self.clock)
        return self

    def passing(self, verb, *arguments, **keywords):
        """A step that was forgotten takes no more lessons."""
        try:
            verb(*arguments, **keywords)
        except InputError:
            return

    def forget(self, which, what):
        events = [e for e in self.learner._record.journal.in_tasks() if not e.forgotten]
        if events and what % 2:
            self.learner.forget(task_id=events[which % len(events)].task_id)
        elif decisions := [e.id for e in events if e.kind == "decision"]:
            self.learner.forget(decisions[which % len(decisions)])


def new_learner(path=None, **keywords):
    return Learner(JOB, path, encoder=ENCODER, **keywords)


def scripts(*more, most=20):
    verbs = st.sampled_from(["begin", "decide", "decide", "decide", "reward", "reward", "teach", "end", *more])
    return st.lists(st.tuples(verbs, SMALL, SMALL), min_size=1, max_size=most)


def some_tasks(count=4):
    for i in range(count):
        yield from [("begin", 0, 0), ("decide", i % 6, 0), ("reward", 0, i % 5), ("decide", (i + 1) % 6, 1)]
        yield from [("teach", 0, i), ("reward", 0, 1), ("end", 0, i)]


def check_replay(folder, kind, script, cut):
    path = str(folder / "journal.db")
    with new_learner(path) as live:
        play = Play(live, "a", kind).perform(script[:cut])
        live.snapshot()
        play.perform(script[cut:])
        with new_learner(path, read_only=True) as again:
            require_same_learner(live, again, probes(kind))
            assert again.stopping == live.stopping
            assert again.tasks() == live.tasks()
        Path(path + ".snapshot").unlink(missing_ok=True)
        with Learner.replay(path, encoder=ENCODER) as copy:
            require_same_learner(live, copy, probes(kind))
            assert [copy.review(t.task) for t in copy.tasks() if t.steps] == [
                live.review(t.task) for t in live.tasks() if t.steps
            ]


@law(40)
@given(st.data(), st.sampled_from(["text", "array"]))
def test_the_live_values_are_the_replayed_values(tmp_path_factory, data, kind):
    script = data.draw(scripts("forget"))
    cut = data.draw(st.integers(0, len(script)))
    check_replay(tmp_path_factory.mktemp("replay"), kind, script, cut)


def test_the_replay_check_fails_where_reading_teaches(tmp_path, monkeypatch):
    honest = Episodes.value

    def nosy(self, vector, situation):
        self.prognosis.learn(vector[None], np.ones((1, 4)))
        return honest(self, vector, situation)

    monkeypatch.setattr(Episodes, "value", nosy)
    with pytest.raises(AssertionError):
        check_replay(tmp_path, "text", list(some_tasks()), 5)


def check_merge(all_scripts):
    parts = [new_learner() for _ in all_scripts]
    for i, (part, script) in enumerate(zip(parts, all_scripts, strict=True)):
        Play(part, f"part{i}").perform(script)
        part.value("situation 1")  # what is live must not differ from what is rebuilt
    first, *rest = parts
    together, backwards, one_by_one = (new_learner() for _ in range(3))
    together.merge(*parts)
    backwards.merge(*parts[::-1])
    for part in parts[::-1]:
        one_by_one.merge(part)
    for other in (backwards, one_by_one):
        require_same_learner(together, other, probes("text"))
    assert together.merge(*parts) == 0
    if first.merge(*rest):
        require_same_learner(together, first, probes("text"))
    else:
        require_same_learner(together, first, probes("text"), counts=False)


@law(20)
@given(st.data())
def test_merging_depends_on_the_set_of_tasks_only(data):
    check_merge([data.draw(scripts(most=10)) for _ in range(3)])


def test_merged_tasks_teach_what_they_taught_apart():
    check_merge([list(some_tasks(4)), list(some_tasks(3)), []])


@law(25)
@given(st.data(), st.booleans())
def test_forgetting_equals_never_having_seen(data, whole):
    learner, fresh = new_learner(), new_learner()
    Play(learner, "a").perform(data.draw(scripts(most=18)))
    events = [e for e in learner._record.journal.in_tasks() if e.kind == "decision"]
    if not events:
        return
    gone = data.draw(st.sampled_from(events))
    learner.value("situation 1")
    learner.forget(task_id=gone.task_id) if whole else learner.forget(gone.id)
    kept = [e for e in learner._record.journal.events() if not e.forgotten and e.kind != "mark"]
    other = new_learner()
    for key in ("kind", "dimension"):
        other._record.journal.set_meta(key, learner._record.journal.get_meta(key))
    other._record.journal.append(kept, durable=False)
    fresh.merge(other)
    require_same_learner(learner, fresh, probes("text"), counts=False)
    assert [t.task for t in learner.tasks()] == [t.task for t in fresh.tasks()]
    if whole:
        assert gone.task_id not in {t.task for t in learner.tasks()}


def test_forgetting_a_task_leaves_nothing_of_it_in_the_file(tmp_path):
    path = tmp_path / "journal.db"
    with new_learner(str(path)) as learner:
        with learner.task("secret-task") as task:
            task.decide("a very private situation")
            task.reward({"time": 7.125})
            task.end(False)
        assert b"very private" in path.read_bytes() + (tmp_path / "journal.db-wal").read_bytes()
        learner.forget(task_id="secret-task")
    assert b"very private" not in path.read_bytes()
    assert b"7.125" not in path.read_bytes()


@law(10)
@given(scripts())
def test_looking_at_tasks_writes_nothing_and_changes_nothing(script):
    learner = new_learner()
    Play(learner, "a").perform(script)
    last = learner._record.journal.last_seq
    values = [learner.value(probe) for probe in probes("text")]
    for task in learner.tasks():
        if task.steps:
            learner.review(task.task)
    assert learner._record.journal.last_seq == last
    assert [learner.value(probe) for probe in probes("text")] == values


def test_deciding_in_a_task_changes_neither_answers_nor_probabilities():
    learner = new_learner()
    Play(learner, "a").perform(list(some_tasks()))
    before = learner.predict("situation 1")
    task = learner.task()
    first, second = task.decide("situation 1"), task.decide("situation 1")
    after = learner.predict("situation 1")
    for decision in (first, second, after):
        assert dict(decision.probabilities) == dict(before.probabilities)
    assert first.value == second.value


def test_the_same_request_id_is_one_step():
    learner = new_learner()
    task = learner.task("a")
    first, again = (task.decide("situation 1", request_id="r") for _ in range(2))
    assert first.id == again.id
    assert task.steps == 1
    lessons = [task.reward(1.0, lesson_id="l") for _ in range(2)]
    assert lessons[0] == lessons[1]
    task.end(True)
    task.end(True)
    assert learner.tasks()[0].total == 2.0


def test_a_task_goes_on_after_a_crash(tmp_path):
    path = str(tmp_path / "journal.db")
    with new_learner(path) as learner:
        task = learner.task("long")
        task.decide("situation 1")
        task.reward({"time": 1.0})
    with new_learner(path) as learner:
        task = learner.task("long")
        assert task.steps == 1
        task.decide("situation 2")
        task.end(True)
        assert [(t.task, t.steps, t.state) for t in learner.tasks()] == [("long", 2, "ended")]
        with pytest.raises(InputError, match="has ended"):
            learner.task("long")
