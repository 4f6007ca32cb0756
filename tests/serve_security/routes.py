"""Every address of the app with the least role that may use it. A new one is not forgotten: a test compares."""

from quickstudy.serve.tokens import Role

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
}
"""Nothing that says anything about work."""

ROLES = {
    ("GET", "/v1/jobs"): Role.WORK,
    ("GET", "/v1/jobs/{job}"): Role.WORK,
    ("POST", "/v1/jobs/{job}/decide"): Role.WORK,
    ("POST", "/v1/jobs/{job}/predict"): Role.WORK,
    ("POST", "/v1/jobs/{job}/teach"): Role.TEACH,
    ("GET", "/v1/jobs/{job}/report"): Role.REVIEW,
}


def every_route(routes):
    """(method, path) of every address, also of those that the API's description does not name."""
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        if inner is not None and hasattr(inner, "routes") and not hasattr(route, "methods"):
            yield from every_route(inner.routes)
        elif hasattr(route, "methods"):
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, route.path


def filled(path, job="route"):
    """A path with something in every place."""
    return path.replace("{job}", job).replace("{", "").replace("}", "")
