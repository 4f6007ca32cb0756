"""What only a journal on a PostgreSQL server has: a URL, an account, a server that goes away."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from dataclasses import replace

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_server import PostgresServer
from property.scripts import new_learner

from quickstudy.errors import (
    JournalCorruptError,
    JournalError,
    JournalLockedError,
    JournalMismatchError,
    JournalUnreachableError,
    JournalVersionError,
)
from quickstudy.journal import Journal
from quickstudy.journal import postgres as module
from quickstudy.journal.address import is_url, parse
from quickstudy.journal.postgres import PostgresDatabase
from quickstudy.journal.searching import holds

from .examples import IDENTITY, event, full_event, open_journal
from .test_union import check_forgetting, check_union, parts

FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def url(postgres):
    return postgres.new()


def asked(url: str, *statements: str) -> list[tuple]:
    """Runs SQL in the journal's schema, as the server's owner."""
    address = parse(url)
    with psycopg.connect(address.conninfo, autocommit=True) as connection:
        connection.execute(f"SET search_path TO {address.schema}")
        cursor = connection.cursor()
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


# -- the URL


def test_a_url_names_a_schema_and_hides_its_password():
    address = parse(
        "postgresql://anna:p%40ss@host:5433/work?schema=route&sslmode=require&password=x&options=-c%20a%3Db"
    )
    assert address.schema == "route"
    assert address.shown == "postgresql://anna@host:5433/work?sslmode=require&schema=route"
    assert "p%40ss@host" in address.conninfo
    assert "schema" not in address.conninfo
    assert "p%40ss" not in repr(address)
    assert parse("postgresql:///work").schema == "quickstudy"
    assert is_url("postgres://h/d")
    assert not is_url("postgres.db")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@h/d?schema=Route",
        "postgresql://u:secret@h/d?schema=pg_x",
        "postgresql://u:secret@h/d?schema=a;drop",
        "postgresql://u:secret@h/d?schema=a&schema=b",
        "postgresql://u:sec%zzret@h/d",
        "postgresql://u:secret#1@h/d",
        "postgresql://u:secret@[h/d",
        "postgresql://u:secret@h/d?unknown=secret",
    ],
)
def test_a_wrong_url_is_refused_without_its_password(url):
    with pytest.raises(JournalError) as caught:
        Journal.open(url, identity=IDENTITY)
    assert caught.value.code == "bad-url"
    assert "sec" not in "".join(traceback.format_exception(caught.value)).replace("bad-url", "")


def test_without_psycopg_the_error_names_the_extra():
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from quickstudy.journal import Journal\n"
        "from quickstudy.errors import MissingExtraError\n"
        "try: Journal.open('postgresql://h/d', identity=None)\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'pip install "quickstudy[postgres]"' in done.stdout


# -- opening


def test_it_opens_again_and_belongs_to_its_job(url):
    with pytest.raises(JournalError) as caught:
        Journal.open(url, identity=IDENTITY, read_only=True)
    assert caught.value.code == "no-journal"
    with open_journal(url) as journal:
        journal.append([event("a")])
    with open_journal(url, read_only=True) as reader:
        assert reader.last_seq == 1
        with pytest.raises(JournalError) as caught:
            reader.append([event("b")])
        assert caught.value.code == "read-only"
    with pytest.raises(JournalMismatchError, match="other"):
        open_journal(url, identity={**IDENTITY, "job": "other"})


def test_schemas_of_one_database_are_journals_of_their_own(postgres):
    one, other = postgres.new("7-job"), postgres.new("7-job")
    with open_journal(one) as first, open_journal(other, identity={"job": "other"}) as second:
        first.append([event("a")])
        assert second.last_seq == 0
        second.append([event("a")])


def test_another_programs_tables_and_a_newer_versions_are_left_alone(postgres):
    theirs, newer = postgres.new(), postgres.new()
    asked(postgres.url, f"CREATE SCHEMA {parse(theirs).schema}", f"CREATE TABLE {parse(theirs).schema}.events (x INT)")
    with pytest.raises(JournalCorruptError, match="another program"):
        open_journal(theirs)
    open_journal(newer).close()
    asked(newer, "UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(JournalVersionError):
        open_journal(newer)


def test_two_processes_that_make_one_journal_at_once_get_one(url):
    program = (
        "import sys; from quickstudy import Job, Learner\n"
        "with Learner(Job('made', ['red'], encoder='static'), sys.argv[1]) as learner: print(learner.id)"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ids = {child.communicate(timeout=60)[0].strip() for child in children}
    assert len(ids) == 1
    assert ids != {""}


# -- accounts


@pytest.fixture
def guarded(postgres, url):
    """A role with a password, which the server asks it for, that may only read the journal."""
    schema, role = parse(url).schema, parse(url).schema + "_reader"
    with open_journal(url) as journal:
        journal.append([event("a")])
    asked(
        url,
        f"CREATE ROLE {role} LOGIN PASSWORD 'hunter2'",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    )
    rules = postgres.data / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{before}")
    asked(url, "SELECT pg_reload_conf()")
    yield url.replace("postgres@", f"{role}:hunter2@")
    rules.write_text(before)


def test_a_wrong_password_a_wrong_database_and_no_server_are_told_apart(guarded):
    wrong = guarded.replace("hunter2", "hunter3")
    for bad, code in (
        (wrong, "access-denied"),
        (guarded.replace("/postgres?", "/nowhere?"), "no-database"),
        ("postgresql://anna:hunter2@127.0.0.1:1/work", "journal-unreachable"),
    ):
        with pytest.raises(JournalError) as caught:
            Journal.open(bad, identity=None)
        assert caught.value.code == code
        assert caught.value.next_step
        assert "hunter" not in "".join(traceback.format_exception(caught.value))


def test_an_account_that_may_not_write_is_told_so_and_can_read(guarded):
    with open_journal(guarded) as journal:
        with pytest.raises(JournalError) as caught:
            journal.append([event("b")])
        assert caught.value.code == "read-only"
        assert [e.id for e in journal.events()] == ["a"]
        assert "hunter2" not in str(journal.path)


def test_a_forgetting_that_may_not_be_scrubbed_says_who_can(guarded, url):
    schema, role = parse(url).schema, parse(url).schema + "_reader"
    asked(url, f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}")
    with open_journal(guarded) as journal:
        with pytest.raises(JournalError, match="VACUUM") as caught:
            journal.forget(["a"])
        assert caught.value.code == "scrub"
        assert journal.get("a").forgotten
    with open_journal(guarded) as journal:  # it can still work
        journal.append([event("b")])
    with open_journal(url) as journal:  # whoever may makes up for it
        assert journal.get_meta("scrub") == "done"


# -- a server that goes away


def test_a_connection_that_is_lost_while_content_is_scrubbed_is_made_anew(url):
    schema = parse(url).schema
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock' "
        f"AND pid IN (SELECT pid FROM pg_locks WHERE relation = '{schema}.events'::regclass)"
    )
    with open_journal(url) as journal, psycopg.connect(parse(url).conninfo) as reader:
        journal.append([replace(event("a"), situation='"secret"')])
        reader.execute(f"LOCK TABLE {schema}.events IN ACCESS SHARE MODE")
        forgetting = threading.Thread(target=journal.forget, args=(["a"],))
        forgetting.start()
        while not (pids := asked(url, waiting)):
            assert forgetting.is_alive()
        asked(url, f"SELECT pg_terminate_backend({pids[0][0]})")
        reader.rollback()
        forgetting.join(30)
        assert journal.losses == 1
        assert journal.get("a").forgotten
        assert journal.get_meta("scrub") == "done"


@pytest.mark.parametrize("answered", [True, False], ids=["committed", "not committed"])
def test_a_commit_whose_answer_is_lost_counts_once(url, monkeypatch, answered):
    """The connection breaks at the end of a turn, after or before the server did its part."""
    honest, broken = PostgresDatabase._statement, []

    def breaks_once(self, statement):
        if statement == "COMMIT" and self.in_turn and not broken:
            broken.append(1)
            if answered:
                honest(self, statement)
            self._connection.close()
        return honest(self, statement)

    with new_learner("open", url) as learner, new_learner("open", url) as other:
        learner.teach("situation 0", "red", lesson_id="first")
        monkeypatch.setattr(PostgresDatabase, "_statement", breaks_once)
        decision = learner.decide("situation 1", request_id="r")
        assert broken
        broken.clear()
        learner.teach(decision, "blue", lesson_id="second")
        assert broken
        for one in (learner, other):
            assert {lesson.id for lesson, _ in one.lessons()} == {"first", "second"}
            assert one.report().decisions == 1
        assert learner.predict("situation 1").probabilities == other.predict("situation 1").probabilities


def test_nobody_says_that_it_was_written_or_not_while_nobody_knows(url, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    honest = PostgresDatabase._statement

    def breaks(self, statement):
        if statement == "COMMIT":
            self._connection.close()
            monkeypatch.setattr(PostgresDatabase, "_another", gone)
        return honest(self, statement)

    def gone(self):
        raise JournalUnreachableError("gone")

    with new_learner("open", url) as learner:
        learner.teach("situation 0", "red")
        with monkeypatch.context() as patched:
            patched.setattr(PostgresDatabase, "_statement", breaks)
            patched.setattr(PostgresDatabase, "_another", PostgresDatabase._another)
            with pytest.raises(JournalUnreachableError) as caught:
                learner.teach("situation 1", "blue", lesson_id="l")
            assert caught.value.code == "journal-unsure"
            assert "lesson_id" in caught.value.next_step
            with pytest.raises(JournalUnreachableError):
                learner.predict("situation 1")  # what memory has may not be true
        monkeypatch.undo()
        assert learner.options == ("red",)
        learner.teach("situation 1", "blue", lesson_id="l")
        assert {lesson.answer for lesson, _ in learner.lessons()} == {"red", "blue"}


def test_a_frozen_turn_is_an_error_for_the_others_and_not_forever(url, monkeypatch):
    monkeypatch.setattr(module, "WAIT", 0.05)
    with open_journal(url) as one, open_journal(url) as other:
        with pytest.raises(JournalLockedError):
            one.turn(lambda: other.append([event("a")]))
        other.append([event("a")])
        assert one.last_seq == 1


def test_after_an_error_nothing_of_a_turn_stands(url):
    with open_journal(url) as journal:

        def fails():
            journal.append([event("a")])
            raise ValueError

        def misused():
            journal.append([event("a")])
            journal.append([event("a")])

        for body, error in ((fails, ValueError), (misused, JournalError)):
            with pytest.raises(error):
                journal.turn(body)
            assert journal.last_seq == 0
            assert not journal.in_turn

        def swallows():
            journal.append([event("a")])
            try:
                journal.append([event("a")])
            except JournalError:
                return "fine"

        with pytest.raises(JournalError, match="nothing was written"):
            journal.turn(swallows)
        assert journal.last_seq == 0


def test_a_learner_whose_input_is_refused_keeps_what_it_journaled_before(url):
    with new_learner("open", url) as learner, new_learner("open", url) as other:
        task = learner.task("t")
        with pytest.raises(ValueError, match="situation"):
            task.decide(3, options=["red", "blue"])
        assert set(learner.options) == set(other.options)
        assert not learner._record._stale


def test_a_server_that_came_back_with_another_past_is_believed(url, monkeypatch):
    with new_learner("open", url) as learner:
        learner.teach("situation 0", "red", lesson_id="kept")
        learner.teach("situation 1", "blue", lesson_id="lost in the backup")
        asked(url, "DELETE FROM events WHERE seq = (SELECT MAX(seq) FROM events)")
        learner._record.journal._database._drop()  # as a restored server would
        assert [lesson.id for lesson, _ in learner.lessons()] == ["kept"]
        learner.teach("situation 1", "red", lesson_id="next")
        with new_learner("open", url, read_only=True) as fresh:
            assert fresh.predict("situation 1").probabilities == pytest.approx(
                learner.predict("situation 1").probabilities
            )


def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room():
    """The kernel refuses to let any file of the server grow beyond a limit, as a full disk would."""
    server = PostgresServer(max_file=24 * 1024 * 1024)
    try:
        with open_journal(server.new()) as journal:
            journal.append([event("a")])
            vector = np.random.default_rng(0).standard_normal(1500).astype(np.float32)
            big = [event(f"b{i}", situation=f'{{"text":"{i}"}}', vector=np.roll(vector, i)) for i in range(500)]

            def fill() -> None:
                for turn in range(20):
                    journal.append([replace(one, id=f"{turn}-{one.id}") for one in big])

            with pytest.raises(JournalError) as caught:
                fill()
            assert caught.value.code == "disk-full"
            held = journal.last_seq
            assert held % 500 == 1
            assert [e.seq for e in journal.events()] == list(range(1, held + 1))
            journal.forget([e.id for e in journal.events(after=1, until_seq=held - 400)])  # that makes room
            assert journal.append([event("last")])[0].seq == held + 1
    finally:
        server.close()


# -- forgetting


def test_nothing_of_a_forgotten_event_stays_in_the_tables_files(postgres, url):
    with new_learner("open", url) as learner, new_learner("open", url) as other:
        for i in range(30):
            learner.teach(learner.decide(f"ordinary text {i}"), ("red", "green")[i % 2])
        decision = learner.decide("the patient Xanthippe", request_id="request-Xanthippe")
        learner.teach(decision, "Xanthippes option", by="teacher Xanthippe")
        learner.snapshot()
        asked(url, "ANALYZE", "CHECKPOINT")
        assert b"Xanthippe" in postgres.files()
        other.forget(decision.id)
        learner.snapshot()  # of a state that knows of the forgetting, or none
        asked(url, "ANALYZE", "CHECKPOINT")
        assert b"Xanthippe" not in postgres.files()
        assert learner.predict("ordinary text 1").answer == "green"


def test_a_snapshot_of_what_was_forgotten_meanwhile_is_not_written(url):
    with open_journal(url) as one, open_journal(url) as other:
        one.append([event("a"), event("b")])
        one.follow()
        other.forget(["a"])
        one.save_snapshot(2, {}, {"secret": 1})
        assert asked(url, "SELECT COUNT(*) FROM snapshots") == [(0,)]
        one.follow()
        one.save_snapshot(2, {}, {"new": 1})
        assert other.load_snapshot().document == {"new": 1}


# -- laws of the union


@given(parts(), parts(), parts())
@FEW
def test_union_is_commutative_associative_and_idempotent(postgres, first, second, third):
    check_union(first, second, third, postgres.new)


@given(parts(), parts(), st.lists(st.sampled_from(["d0", "d1", "l0", "l3"]), max_size=2))
@FEW
def test_forgetting_here_or_there_and_then_merging_gives_the_same(postgres, first, second, ids):
    check_forgetting(first, second, ids, postgres.new)


@given(st.text(max_size=5), st.sampled_from([None, True, 1, 1.0, "1", "a"]))
def test_a_situation_holds_a_field_with_its_type(field, value):
    import json

    for situation in ({field: value}, {"record": {field: value}}, {"record": {field: {"date": value}}}):
        text = json.dumps(situation, ensure_ascii=False)
        for other in (None, True, False, 1, 0, "1", "a", ""):
            same = value == other and isinstance(value, bool) == isinstance(other, bool)
            assert holds(text, field=field, value=other) is same or field in ("record", "date")
    assert not holds("not json", field=field, value=value)


def test_a_large_merge_and_a_search(url):
    with open_journal(url) as journal:
        assert len(journal.union([full_event(f"f{i}") for i in range(1200)])) == 1200
        assert journal.union([full_event(f"f{i}") for i in range(1200)]) == []
        journal.append([event("n", "lesson", situation='{"record":{"name":"a\\u0000b","vendor":"Acme"}}')])
        assert journal.find(name="a\0b") == journal.find(vendor="Acme") == ["n"]
