import os

from quickstudy.journal import Journal

from .conftest import code

JOB = "/v1/jobs/route"


def test_settings_change_and_the_journal_says_who_changed_them(guarded):
    changed = guarded.post(f"{JOB}/configure", "admin", json={"target_error": 0.05, "per_hour": 10}).json()
    assert (changed["active"], changed["target_error"], changed["per_hour"]) == (True, 0.05, 10)
    assert guarded.post(f"{JOB}/configure", "admin", json={"per_hour": None}).json()["per_hour"] is None
    assert guarded.post(f"{JOB}/pause", "admin").json()["paused"] is True
    assert guarded.post(f"{JOB}/resume", "admin").json() == guarded.get(f"{JOB}/configure", "work").json()
    events = guarded.get(f"{JOB}/events", "review").json()["events"]
    assert [one["by"] for one in events if one["kind"] == "configure"] == ["admin"] * 4


def test_a_setting_that_makes_no_sense_is_refused(client):
    for body in ({"target_error": 2}, {"nonsense": 1}, {"price_ask": 1.0}, {"always_ask": ["nope"]}):
        assert client.post(f"{JOB}/configure", json=body).status_code == 422


def test_options_are_added_renamed_merged_and_retired(client):
    def change(**body):
        return client.post(f"{JOB}/options", json=body)

    assert change(action="add", name="delivery", description="parcels").json()["options"][-1] == "delivery"
    assert "parcels" in change(action="rename", name="delivery", other="parcels").json()["options"]
    assert change(action="merge", name="parcels", other="fraud").json()["options"] == ["billing", "fraud"]
    assert change(action="retire", name="fraud").json()["options"] == ["billing"]
    assert code(change(action="retire", name="nope")) == "unknown-option"
    assert change(action="rename", name="billing").status_code == 422
    assert change(action="add", name="x", other="y").status_code == 422


def test_a_backup_is_a_whole_journal_that_only_its_owner_reads(client, folder):
    client.post(f"{JOB}/teach", json={"situation": "charged twice", "answer": "billing"})
    made = client.post(f"{JOB}/backup").json()
    copy = folder / made["file"]
    assert os.stat(copy).st_mode & 0o777 == 0o600
    with Journal.open(copy, identity=None, read_only=True) as opened:
        assert sum(opened.counts().values()) == made["events"]
        assert opened.count("lesson") == 1
