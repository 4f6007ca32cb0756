"""Law 2: after a merge the state depends only on the set of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from property.scripts import (
    JOBS,
    NAMES,
    Operation,
    forgettings,
    law,
    new_learner,
    option_changes,
    perform,
    probes,
    scripts,
)
from quickstudy.checks import require_same_learner
from quickstudy.mind import Mind


def check_merge(kind, job, all_scripts):
    parts = [new_learner(job) for _ in all_scripts]
    for part, script in zip(parts, all_scripts, strict=True):
        perform(part, kind, script)
    first, *rest = parts
    together, backwards, one_by_one, nested, inner = (new_learner(job) for _ in range(5))
    together.merge(*parts)
    backwards.merge(*parts[::-1])
    for part in parts[::-1]:
        one_by_one.merge(part)
    inner.merge(*rest)
    nested.merge(inner, first)
    for other in (backwards, one_by_one, nested):
        require_same_learner(together, other, probes(kind))
    assert together.merge(*parts, nested) == 0
    require_same_learner(together, nested, probes(kind))
    if first.merge(*rest):
        require_same_learner(together, first, probes(kind))


@law(30)
@given(st.data(), st.sampled_from(["text", "array"]), st.sampled_from(sorted(JOBS)))
def test_merging_is_commutative_associative_and_idempotent(data, kind, job):
    all_scripts = [data.draw(scripts(option_changes(), most=8)) for _ in range(3)]
    check_merge(kind, job, all_scripts)


@law(15)
@given(st.data(), st.sampled_from(["text", "array"]), st.sampled_from(sorted(JOBS)))
def test_merging_depends_on_the_set_also_after_learners_merged_each_other(data, kind, job):
    a, b = new_learner(job), new_learner(job)
    for _ in range(2):
        perform(a, kind, data.draw(scripts(option_changes(), most=5)))
        perform(b, kind, data.draw(scripts(option_changes(), most=5)))
        changed_a, changed_b = a.merge(b), b.merge(a)
        fresh = new_learner(job)
        fresh.merge(b, a)
        for learner, changed in ((a, changed_a), (b, changed_b)):
            assert learner.merge(b, a) == 0
            if changed:
                require_same_learner(learner, fresh, probes(kind))


@law(20)
@given(st.data(), st.sampled_from(["text", "array"]), st.sampled_from(sorted(JOBS)))
def test_merging_is_commutative_and_idempotent_also_where_some_was_forgotten(data, kind, job):
    parts = [new_learner(job) for _ in range(3)]
    for part in parts:
        perform(part, kind, data.draw(scripts(most=6)))
    parts[1].merge(parts[0])
    for part in parts:
        perform(part, kind, data.draw(scripts(option_changes(), forgettings(), forgettings(), most=6)))
    together, backwards = new_learner(job), new_learner(job)
    together.merge(*parts)
    for part in parts[::-1]:
        backwards.merge(part)
    require_same_learner(together, backwards, probes(kind))
    assert together.merge(backwards, *parts) == 0
    for part in parts:
        if part.merge(*parts):
            require_same_learner(part, together, probes(kind))


@law(8)
@given(st.data(), st.sampled_from(["closed", "open", "described"]))
def test_ten_parts_equal_the_whole(data, job):
    lessons = data.draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 9)), min_size=5))
    whole, parts = new_learner(job), [new_learner(job) for _ in range(10)]
    numbered = list(enumerate(lessons))
    for i, (which, name, _) in numbered:
        whole.teach(probes("text")[which], NAMES[name], lesson_id=f"lesson-{i}", at=float(i % 4))
    for i, (which, name, part) in numbered[::-1]:  # the clocks differ, ids and times do not
        parts[part].teach(probes("text")[which], NAMES[name], lesson_id=f"lesson-{i}", at=float(i % 4))
    one, other = new_learner(job), new_learner(job)
    one.merge(whole)
    other.merge(*parts)
    require_same_learner(one, other, probes("text"))


def teach_some():
    return [Operation("teach", i, (i * i) % 3, at=float(10 - i)) for i in range(6)]


def test_the_merge_check_fails_for_a_mind_that_relives_in_order_of_arrival(monkeypatch):
    arrival = []
    honest = Mind.relive

    def late(self, examples, columns, describe, progress=None):
        arrival.append(1)
        turned = list(examples) if len(arrival) % 2 else list(examples)[::-1]
        places = {id(example): float(i) for i, example in enumerate(turned)}
        from dataclasses import replace

        moved = [replace(example, at=places[id(example)]) for example in turned]
        return honest(self, moved, columns, describe, progress)

    monkeypatch.setattr(Mind, "relive", late)
    with pytest.raises(AssertionError):
        check_merge("array", "closed", [teach_some(), teach_some()[2:], teach_some()[1:3]])


def test_the_merge_check_passes_for_the_same_scripts_without_that():
    check_merge("array", "closed", [teach_some(), teach_some()[2:], teach_some()[1:3]])


def test_a_rename_here_and_a_lesson_under_the_old_name_there_meet_both_ways():
    renamed, taught = new_learner("closed"), new_learner("closed")
    perform(renamed, "text", [Operation("teach", 0, 0, at=1.0)])
    renamed.rename_option("red", "crimson")
    taught.teach("situation 1", "red", at=2.0)
    renamed.merge(taught)
    taught.merge(renamed)
    for learner in (renamed, taught):
        assert "crimson" in learner.options
        assert "red" not in learner.options
        assert [lesson.answer for lesson, _ in learner.lessons()] == ["crimson", "crimson"]
        assert learner.predict("situation 1").answer == "crimson"
    require_same_learner(renamed, taught, probes("text"))
    taught.teach("situation 2", "red", at=3.0)
    assert [lesson.answer for lesson, _ in taught.lessons()] == ["crimson"] * 3
