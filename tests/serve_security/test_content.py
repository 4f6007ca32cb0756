"""HTML and script in every text field come back as text; errors and logs say nothing that they should not."""

import json
import logging
import re

import pytest

from quickstudy import Job

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'--></title>"


def test_script_in_every_text_field_comes_back_as_json_that_no_browser_runs(admin):
    answers = [
        admin.post("/v1/jobs/route/decide", json={"situation": SCRIPT, "request_id": SCRIPT}),
        admin.post("/v1/jobs/route/decide", json={"situation": {SCRIPT: SCRIPT}, "options": [SCRIPT]}),
        admin.post("/v1/jobs/route/teach", json={"situation": SCRIPT, "answer": SCRIPT, "lesson_id": SCRIPT}),
        admin.post("/v1/jobs/route/teach", json={"situation": SCRIPT, "answer": "fraud", "by": SCRIPT}),
        admin.post("/v1/jobs/route/predict", json={"situation": SCRIPT, "evidence": True}),
        admin.get("/v1/jobs/route/report"),
        admin.get(f"/v1/jobs/{SCRIPT}/report"),
        admin.get("/nowhere/<script>alert(1)</script>"),
        admin.get("/v1/jobs", headers={"Host": SCRIPT}),
    ]
    for answer in answers:
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        answer.json()


@pytest.fixture(scope="module")
def broken(folder):
    """Jobs that cannot be opened, each for another reason."""
    job = Job("x", ["a"], encoder="static")
    (folder / "no-toml.toml").write_text('name = "x\n')
    (folder / "no-job.toml").write_text("speed = 7\n")
    (folder / "wrong-encoder.toml").write_text('name = "x"\nencoder = "no-such-encoder"\noptions = ["a"]\n')
    job.save(folder / "no-journal.toml")
    (folder / "no-journal.db").write_bytes(b"this is no journal" * 1000)
    job.save(folder / "a-folder.toml")
    (folder / "a-folder.db").mkdir()
    names = ["no-toml", "no-job", "wrong-encoder", "no-journal", "a-folder"]
    return names


LEAKS = re.compile(r"Traceback|File \"|\.py\b|site-packages|sqlite3\.|line \d+ in")


def test_errors_name_no_paths_and_show_no_traces(admin, folder, broken):
    for name in broken:
        for answer in (
            admin.get(f"/v1/jobs/{name}/report"),
            admin.post(f"/v1/jobs/{name}/decide", json={"situation": "text"}),
        ):
            assert 400 <= answer.status_code < 600
            assert answer.status_code != 500, answer.text
            assert set(answer.json()) == {"error"}
            assert str(folder) not in answer.text, name
            assert str(folder.parent.parent) not in answer.text, name
            assert not LEAKS.search(answer.text), answer.text


def test_one_broken_job_does_not_hurt_the_others(admin, broken):
    for name in broken:
        admin.get(f"/v1/jobs/{name}/report")
    assert admin.get("/v1/jobs/route/report").status_code == 200
    assert admin.get("/v1/jobs").status_code == 200


def test_a_defect_of_ours_says_nothing_of_itself(app, admin, monkeypatch):
    def failing(*_):
        raise RuntimeError("secret detail /etc/passwd")

    monkeypatch.setattr(app.state.desk, "names", failing)
    answer = admin.get("/v1/jobs")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "defect"
    assert "secret detail" not in answer.text
    assert not LEAKS.search(answer.text)


def test_a_damaged_file_of_tokens_lets_nobody_in_and_names_no_path(app, caller, tokens, folder):
    file = app.state.access.tokens.path
    kept = file.read_bytes()
    try:
        file.write_bytes(b"[[token\n")
        answer = caller.get("/v1/jobs", headers=tokens["admin"])
        assert answer.status_code in (401, 503)
        assert str(folder) not in answer.text
    finally:
        file.write_bytes(kept)


def test_neither_tokens_nor_content_are_logged(admin, caller, tokens, caplog):
    secret = "a-very-private-text"
    with caplog.at_level(logging.DEBUG):
        admin.post("/v1/jobs/route/decide", json={"situation": secret, "request_id": f"id-{secret}"})
        admin.post("/v1/jobs/route/teach", json={"situation": secret, "answer": secret})
        admin.post("/v1/jobs/route/decide", content=f'{{"situation": "{secret}'.encode())
        admin.get(f"/v1/jobs?query={secret}")
        for headers in tokens.values():
            caller.get("/v1/jobs/route/report", headers=headers)
    written = "\n".join(json.dumps(vars(record), default=str) for record in caplog.records)
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "asyncio"))]
    written = "\n".join(f"{record.getMessage()} {vars(record)!r}" for record in ours)
    for headers in tokens.values():
        assert headers["Authorization"].removeprefix("Bearer ") not in written
    assert secret not in written
