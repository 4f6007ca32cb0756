"""A real upstream for tests: a small server with fixed rules, that counts, streams, and fails when it is told to."""

import asyncio
import contextlib
import json
import threading
import time

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

KEY = "sk-upstream-0123456789"


def rule(text):
    """What this model answers to a ticket."""
    words = text.lower()
    if "stolen" in words or "never" in words:
        return "fraud"
    return "app" if "crash" in words or "screen" in words else "billing"


class Model:
    """The upstream: ``rule`` behind a chat completions API.

    Words in the last message change what it does: FAIL answers 500, LIMIT 429, DENY repeats the key, SLOW waits,
    SHRUG gives no option, LOUD writes "Billing.", MUTE ends for its length, BREAK loses the connection in a stream.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        """Forgets what was asked."""
        self.requests = []
        self.headers = []
        self.say = rule

    @property
    def calls(self):
        return len(self.requests)

    async def chat(self, request):
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        text = str(body["messages"][-1]["content"])
        if "FAIL" in text:
            return JSONResponse({"error": {"message": "broken", "type": "server_error"}}, 500)
        if "LIMIT" in text:
            return JSONResponse({"error": {"message": "slowly"}}, 429, {"retry-after": "0"})
        if "DENY" in text:
            return JSONResponse({"error": {"message": f"bad key {request.headers.get('authorization')}"}}, 401)
        if "MOVE" in text:
            return Response(status_code=307, headers={"location": "http://localhost:9/v1/chat/completions"})
        if "SLOW" in text:
            await asyncio.sleep(0.6)
        message, finish = self.message(body, text)
        usage = {"prompt_tokens": 50, "completion_tokens": 2, "total_tokens": 52}
        frame = {"id": "chatcmpl-up", "created": 1, "model": body["model"], "system_fingerprint": "fp_1"}
        if body.get("stream"):
            parts = self.stream(body, frame, message, finish, usage, text)
            return StreamingResponse(parts, media_type="text/event-stream")
        choices = [{"index": n, "message": message, "finish_reason": finish} for n in range(body.get("n") or 1)]
        content = json.dumps({**frame, "object": "chat.completion", "choices": choices, "usage": usage})
        return Response(content, media_type="application/json")

    def message(self, body, text):
        said = "I cannot tell." if "SHRUG" in text else self.say(text)
        if "LOUD" in text:
            said = f'"{said.capitalize()}."'
        finish = "length" if "MUTE" in text else "stop"
        if body.get("tools"):
            name = body["tools"][0]["function"]["name"]
            key = next(iter(body["tools"][0]["function"]["parameters"]["properties"]))
            call = {"name": name, "arguments": json.dumps({key: said})}
            calls = [{"id": "call_1", "type": "function", "function": call}]
            return {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"
        wanted = body.get("response_format") or {}
        if wanted.get("type") == "json_schema":
            properties = wanted["json_schema"]["schema"]["properties"]
            said = json.dumps({key: said if key in ("team", "label") else "because" for key in properties})
        elif wanted.get("type") == "json_object":
            said = json.dumps({"team": said})
        return {"role": "assistant", "content": said}, finish

    async def stream(self, body, frame, message, finish, usage, text):
        frame = {**frame, "object": "chat.completion.chunk"}

        def chunk(delta, finish=None):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return f"data: {json.dumps({**frame, 'choices': [choice]})}\n\n"

        yield chunk({"role": "assistant", "content": ""})
        for call in message.get("tool_calls") or ():
            arguments = call["function"]["arguments"]
            first = {**call, "index": 0, "function": {"name": call["function"]["name"], "arguments": ""}}
            yield chunk({"tool_calls": [first]})
            for part in (arguments[:4], arguments[4:]):
                yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
        for letter in message["content"] or "":
            yield chunk({"content": letter})
            if "SLOW" in text:
                await asyncio.sleep(0.02)
            if "BREAK" in text:
                raise ConnectionError
        yield chunk({}, finish)
        if (body.get("stream_options") or {}).get("include_usage"):
            yield f"data: {json.dumps({**frame, 'choices': [], 'usage': usage})}\n\n"
        yield "data: [DONE]\n\n"

    def app(self):
        return Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])


@contextlib.contextmanager
def listening(app):
    """Serves an app on a free port of this machine, in a thread; gives its address."""
    config = uvicorn.Config(app, port=0, log_level="critical", ws="none", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


THEMES = {
    "billing": ("Why was I charged {} on my invoice of {}", "The invoice of {1} shows {0} twice", "Refund {} of {}"),
    "fraud": (
        "I never made the payment of {} in {}",
        "My card was stolen in {1}, {0} is gone",
        "I never sent {} to {}",
    ),
    "app": ("The app does crash when I send {} in {}", "A blank screen after I type {} in {}", "Crash at {} in {}"),
}
PLACES = ("Oslo", "Rome", "May", "Lima", "Kyiv", "June", "Accra", "Quito")


def tickets(count):
    """Different tickets, in a fixed order; :func:`rule` knows the answers."""
    forms = [form for theme in zip(*THEMES.values(), strict=True) for form in theme]
    return [forms[n % len(forms)].format(f"{n * 7 % 911} euros", PLACES[n % 8]) for n in range(count)]
