"""Both clients under one face, so that every test runs with each."""

import asyncio
import inspect
from functools import wraps

from quickstudy import AsyncClient, Client


class Blocking:
    """An asynchronous thing whose verbs are waited for."""

    def __init__(self, inner, runner):
        self._inner, self._runner = inner, runner

    def __getattr__(self, name):
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        @wraps(value)
        def verb(*given, **named):
            result = value(*given, **named)
            if inspect.isawaitable(result):
                return self._runner.run(_awaited(result))
            if hasattr(result, "__anext__"):
                return self._iterated(result)
            return Blocking(result, self._runner) if hasattr(result, "__aenter__") else result

        return verb

    def __enter__(self):
        self._runner.run(self._inner.__aenter__())
        return self

    def __exit__(self, *error):
        self._runner.run(self._inner.__aexit__(*error))

    def _iterated(self, items):
        try:
            while True:
                try:
                    yield self._runner.run(anext(items))
                except StopAsyncIteration:
                    return
        finally:
            self._runner.run(items.aclose())


async def _awaited(result):
    return await result


def open_client(kind, url, *given, **named):
    """A context manager: the client, and for asyncio its event loop."""
    if kind == "threads":
        return Client(url, *given, **named)
    return _OnALoop(url, *given, **named)


class _OnALoop:
    def __init__(self, *given, **named):
        self._given, self._named = given, named

    def __enter__(self):
        self._runner = asyncio.Runner().__enter__()
        self._client = Blocking(AsyncClient(*self._given, **self._named), self._runner)
        return self._client.__enter__()

    def __exit__(self, *error):
        self._client.__exit__(*error)
        self._runner.__exit__(*error)
