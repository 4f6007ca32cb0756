"""Every address of the app with the least role that may use it. A new one is not forgotten: a test compares."""

from pathlib import Path

from quickstudy.serve.app import create_app
from quickstudy.serve.settings import ServerSettings
from quickstudy.serve.tokens import Role

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/static/{digest}/{name}"),
}
"""Nothing that says anything about work."""

WORK, TEACH, REVIEW, ADMIN = Role
ROLES = {
    ("GET", "/metrics"): REVIEW,
    ("GET", "/v1/jobs"): WORK,
    ("POST", "/v1/jobs"): ADMIN,
    ("POST", "/v1/tables"): ADMIN,
    ("GET", "/v1/tokens"): ADMIN,
    ("POST", "/v1/tokens"): ADMIN,
    ("DELETE", "/v1/tokens/{name}"): ADMIN,
    ("GET", "/v1/jobs/{job}"): WORK,
    ("POST", "/v1/jobs/{job}/decide"): WORK,
    ("POST", "/v1/jobs/{job}/decide/batch"): WORK,
    ("POST", "/v1/jobs/{job}/predict"): WORK,
    ("POST", "/v1/jobs/{job}/predict/batch"): WORK,
    ("GET", "/v1/jobs/{job}/configure"): WORK,
    ("GET", "/v1/jobs/{job}/options"): WORK,
    ("POST", "/v1/jobs/{job}/teach"): TEACH,
    ("POST", "/v1/jobs/{job}/teach/batch"): TEACH,
    ("POST", "/v1/jobs/{job}/reward"): TEACH,
    ("POST", "/v1/jobs/{job}/reject"): TEACH,
    ("GET", "/v1/jobs/{job}/tasks"): TEACH,
    ("POST", "/v1/jobs/{job}/tasks"): TEACH,
    ("GET", "/v1/jobs/{job}/tasks/{task}"): TEACH,
    ("POST", "/v1/jobs/{job}/tasks/{task}/decide"): TEACH,
    ("POST", "/v1/jobs/{job}/tasks/{task}/teach"): TEACH,
    ("POST", "/v1/jobs/{job}/tasks/{task}/reward"): TEACH,
    ("POST", "/v1/jobs/{job}/tasks/{task}/end"): TEACH,
    ("GET", "/v1/jobs/{job}/report"): REVIEW,
    ("GET", "/v1/jobs/{job}/decisions"): REVIEW,
    ("GET", "/v1/jobs/{job}/decisions/{id}"): REVIEW,
    ("GET", "/v1/jobs/{job}/events"): REVIEW,
    ("POST", "/v1/jobs/{job}/what-if"): REVIEW,
    ("POST", "/v1/jobs/{job}/forget"): REVIEW,
    ("POST", "/v1/jobs/{job}/configure"): ADMIN,
    ("POST", "/v1/jobs/{job}/options"): ADMIN,
    ("POST", "/v1/jobs/{job}/pause"): ADMIN,
    ("POST", "/v1/jobs/{job}/resume"): ADMIN,
    ("POST", "/v1/jobs/{job}/backup"): ADMIN,
    ("POST", "/v1/chat/completions"): WORK,
    ("GET", "/v1/models"): WORK,
    ("GET", "/v1/models/{model:path}"): WORK,
}

WHOLE_DESK = {
    *(("GET", "/metrics"), ("POST", "/v1/jobs"), ("GET", "/v1/tokens"), ("POST", "/v1/tokens")),
    ("DELETE", "/v1/tokens/{name}"),
}
"""Not for tokens that name jobs."""

BODIES = {
    ("POST", "/v1/jobs"): {"name": "mine", "options": ["a"], "encoder": "static"},
    ("POST", "/v1/tokens"): {"name": "mine", "role": "admin"},
}
"""What the whole desk's addresses need to get as far as asking who calls."""


def every_route(routes):
    """(method, path) of every address, also of those that the API's description does not name."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from every_route(inner.routes)
        elif getattr(route, "methods", None):
            for method in route.methods - {"HEAD"}:
                yield method, route.path
        else:
            yield "ANY", route.path


EVERY = set(every_route(create_app(ServerSettings(Path("nowhere"))).routes))
PLACES = sorted(EVERY & set(ROLES))
PAGES = sorted(place for place in EVERY - OPEN if not place[1].startswith(("/v1/", "/metrics")))
"""The addresses for people, who sign in."""


def filled(path, job="route"):
    """A path with something in every place."""
    return path.replace("{job}", job).replace(":path", "").replace("{", "").replace("}", "")
