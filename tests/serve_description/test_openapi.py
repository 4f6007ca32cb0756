"""The API does what its description says: generated requests bring no 5xx and no answer that is not described."""

import os
from pathlib import Path

import pytest
import schemathesis
from bench.serve.process import ServerProcess
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from quickstudy import Client, Job
from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
LONG = os.environ.get("QUICKSTUDY_SCHEMATHESIS")
EXAMPLES = int(LONG or 10)
"""Requests of each operation; ``QUICKSTUDY_SCHEMATHESIS=1000 pytest tests/serve_description`` for a long run."""

KNOWN = {"job": "route", "task": "open-task", "request_id": "known-request", "lesson_id": "known-lesson"}
"""What is there, put into every second request, so that not all of them end at something unknown."""


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The description of a real server."""
    folder = tmp_path_factory.mktemp("jobs")
    Job("route", ["billing", "fraud"], encoder="static").save(folder / "route.toml")
    with ServerProcess(folder) as server:
        with Client(server.url) as client:
            client.decide("route", "a text", request_id="known-request")
            KNOWN["id"] = KNOWN["decision_id"] = client.decide("route", "another text").id
            client.teach("route", "a third text", "fraud", lesson_id="known-lesson")
            with client.task("route", "known-task") as task:
                task.decide("a step")
                task.reward(1.0)
            client.task("route", "open-task").decide("a step")
        yield schemathesis.openapi.from_url(f"{server.url}/openapi.json")


def operations(schema):
    """The operations of the API by name."""
    found = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        found[f"{operation.method.upper()} {operation.path}"] = operation
    return found


NAMES = sorted(operations(schemathesis.openapi.from_dict(create_app(ServerSettings(Path("nowhere"))).openapi())))


@pytest.mark.parametrize("name", NAMES)
def test_generated_requests_are_answered_as_described(described, name):
    operation = operations(described)[name]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        deadline=None,
        derandomize=LONG is None,
    )
    def check(case):
        path = case.path_parameters or {}
        if "job" in path:
            path["job"] = "route"
        for part in (path, case.body if isinstance(case.body, dict) else {}):
            for field, known in KNOWN.items():
                if isinstance(part.get(field), str) and len(part[field]) % 2:
                    part[field] = known
        case.call_and_validate(checks=CHECKS, timeout=120)

    check()
