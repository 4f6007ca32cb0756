"""A server that needs tokens, with two jobs and a token of every kind; one for each file of tests."""

import time

import pytest
from fastapi.testclient import TestClient

from quickstudy import Job
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import Role


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    jobs = tmp_path_factory.mktemp("server") / "jobs"
    jobs.mkdir()
    for name in ("route", "payroll"):
        Job(name, ["billing", "fraud"], encoder="static").save(jobs / f"{name}.toml")
    return jobs


@pytest.fixture(scope="module")
def settings(folder):
    return ServerSettings(folder, tokens=True)


@pytest.fixture(scope="module")
def app(settings):
    return create_app(settings)


@pytest.fixture(scope="module")
def caller(app):
    """Calls without any token; what the server fails at is an answer here, as it is over the wire."""
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(app):
    """Headers by kind of token: each role's, and those that open nothing."""
    kept = app.state.access.tokens
    shown = {role.value: kept.add(role.value, role)[0] for role in Role}
    shown["other job's"] = kept.add("other", Role.ADMIN, jobs=["payroll"])[0]
    shown["expired"] = kept.add("late", Role.ADMIN, expires=time.time() - 1.0)[0]
    shown["revoked"] = kept.add("gone", Role.ADMIN)[0]
    kept.revoke("gone")
    shown["made up"] = "qs_" + "A" * 43
    shown["the hash"] = next(one.hash for one in kept.all() if one.name == "admin")
    return {kind: {"Authorization": f"Bearer {secret}"} for kind, secret in shown.items()}


@pytest.fixture(scope="module")
def admin(app, caller, tokens):
    """Calls with a token that may do everything."""
    headers = tokens["admin"]
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False, headers=headers)


@pytest.fixture
def counts(admin):
    """How many decisions and lessons there are now, by job ``route``."""

    def counted():
        report = admin.get("/v1/jobs/route/report").json()
        return report["decisions"], report["lessons"]

    return counted
