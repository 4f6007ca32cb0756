"""A function with a learner in front of it. The function's body is the teacher.

    call ─▶ situation ─▶ decide ─┬─ act ──────────────────────────▶ the learner's answer
                                 └─ ask, audit ─▶ body ─▶ teach ──▶ the body's answer

Invariants: a call that asks or audits runs the body exactly once, and no lock is held while it runs. A body that
raises, or that answers something its return type does not allow, teaches nothing; its exception passes through
unchanged. Its decision then waits, and the next call with equal arguments takes it up again: nobody gets rid of an
audit by calling once more. What is returned has the function's own type.

Not here: the decorator (``decorator``), return types (``answers``), situations (``arguments``), the journal's place
(``opening``), and the bound on errors (``autonomy``).
"""

from __future__ import annotations

import functools
import inspect
import os
import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from quickstudy.errors import JournalLockedError, UnknownDecisionError
from quickstudy.functions.answers import Answers
from quickstudy.functions.arguments import Arguments
from quickstudy.functions.opening import Opening, locked, open_learner
from quickstudy.functions.worker import Worker
from quickstudy.learner import Learner
from quickstudy.perception.situations import hash_of_checked
from quickstudy.report import Report
from quickstudy.types import Decision, Lesson, Situation

P = ParamSpec("P")
Q = ParamSpec("Q")
R_co = TypeVar("R_co", covariant=True)

REMEMBERED = 10_000
"""So many of the newest calls can be corrected by their arguments; older ones are taught without their decision."""


class Learned(Generic[P, R_co]):
    """A function with a learner in front of it; made by :func:`quickstudy.learned`. Call it like the function.

    Safe to call from threads and from asyncio. It opens its journal at the first call, not when it is defined.

    Attributes:
        name: the job's name.
        __wrapped__: the function itself: calling it asks the body and teaches nothing.
    """

    __wrapped__: Callable[P, R_co]
    __qualname__: str

    def __init__(
        self, function: Callable[P, R_co], answers: Answers, arguments: Arguments, opening: Opening, by: str
    ) -> None:
        functools.update_wrapper(self, function)
        self.name = opening.job.name
        self._answers = answers
        self._arguments = arguments
        self._opening = opening
        self._by = by
        self._learner: Learner | None = None
        self._process = 0
        self._guard = threading.Lock()
        self._waiting: OrderedDict[str, Decision] = OrderedDict()
        self._newest: OrderedDict[str, str] = OrderedDict()
        self._worker: Worker | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._asynchronous = inspect.iscoroutinefunction(function)
        if self._asynchronous:
            _mark_asynchronous(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Answers alone, or asks the body and learns from it.

        Raises:
            SituationError: an argument cannot be perceived; the body was not called.
            OptionError: the body answered something that its return type does not allow.
            JournalLockedError: another process learns in the same journal.
        """
        situation = self._arguments.situation(args, kwargs)
        if self._asynchronous:
            return cast(R_co, self._call_asynchronously(situation, args, kwargs))
        decision = self._decide(situation)
        if self._alone(decision):
            return cast(R_co, self._answers.value_of(str(decision.answer)))
        try:
            answer = self.__wrapped__(*args, **kwargs)
            self._learn(decision, answer)
        except BaseException:
            self._keep(decision)
            raise
        return answer

    def predict(self, *args: Any, **kwargs: Any) -> Decision:
        """What the learner would say to a call with these arguments, and why. Writes nothing, never calls the body.

        Args:
            args: as in a call, without ``self``; what is ignored may be left out.
            kwargs: the same.
        """
        return self.learner.predict(self._arguments.situation(args, kwargs, bound=True))

    def teach(self, *args: Any, **kwargs: Any) -> Lesson:
        """Teaches the right answer: ``route.teach(arguments..., answer)``; on disk when it returns.

        It corrects the newest call with these arguments: the lesson replaces what the body said, and an answer that the
        learner gave alone is counted as corrected.

        Args:
            args: the arguments as in a call, without ``self``, then the answer, a value of the function's own type.
            kwargs: arguments by name; ``answer=`` instead of the last one; ``by=`` who teaches. By default it is whom
                the body's answers count for. Another teacher's answer is kept beside the body's.

        Raises:
            OptionError: the return type does not allow this answer.
            SituationError: an argument cannot be perceived.
        """
        own = self._arguments.own.parameters
        by = kwargs.pop("by", self._by) if "by" not in own else self._by
        if "answer" in kwargs and "answer" not in own:
            answer = kwargs.pop("answer")
        elif args:
            args, answer = args[:-1], args[-1]
        else:
            raise TypeError(f"{self.name}.teach() is missing the answer")
        option = self._answers.option_of(answer)
        situation = self._arguments.situation(args, kwargs, bound=True)
        key = hash_of_checked(situation)
        learner = self.learner
        with self._guard:
            decision_id = self._newest.get(key)
        if decision_id is not None:
            try:
                lesson = learner.teach(None, option, decision_id=decision_id, by=by)
            except UnknownDecisionError:  # it was forgotten meanwhile
                decision_id = None
        if decision_id is None:
            lesson = learner.teach(situation, option, by=by)
        with self._guard:
            self._waiting.pop(key, None)
        return lesson

    def report(self) -> Report:
        """How the learner is doing; see :class:`quickstudy.Report`."""
        return self.learner.report()

    @property
    def learner(self) -> Learner:
        """The learner itself; opens its journal.

        Raises:
            JournalLockedError: another process learns in the same journal, or this process was forked from one.
        """
        if self._learner is None:
            with self._guard:
                if self._learner is None:
                    self._open()
        assert self._learner is not None
        self._require_own_process()
        return self._learner

    def close(self) -> None:
        """Closes the journal; the next call opens it again. Nothing is lost without it."""
        with self._guard:
            learner, self._learner = self._learner, None
            worker, self._worker = self._worker, None
            self._waiting.clear()
            self._newest.clear()
            if self._finalizer is not None:
                self._finalizer.detach()
        if worker is not None:
            worker.close()
        if learner is not None and self._process == os.getpid():
            learner.close()

    @overload
    def __get__(self, instance: None, owner: type) -> Learned[P, R_co]: ...

    @overload
    def __get__(self: Learned[Concatenate[Any, Q], R_co], instance: object, owner: type) -> Learned[Q, R_co]: ...

    def __get__(self, instance: object, owner: type) -> Any:
        """As a method: bound to its instance; all else is the function's. All instances share one learner."""
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> str:
        """By name, as functions are: other processes find it where it is defined."""
        return str(self.__qualname__)

    def __repr__(self) -> str:
        return f"<learned {self.name}() at {hex(id(self))}>"

    # -- inside

    def _require_own_process(self) -> None:
        """Refuses to go on in a fork: neither the journal nor the worker's thread is its own."""
        if self._process not in (0, os.getpid()):
            raise _forked(self.name)

    def _decide(self, situation: Situation) -> Decision:
        """The decision that waits for this situation, or a new one."""
        key = hash_of_checked(situation)
        learner = self.learner
        with self._guard:
            decision = self._waiting.pop(key, None)
        if decision is None:
            decision = learner.decide(situation)
        with self._guard:
            _put(self._newest, key, decision.id)
        return decision

    def _alone(self, decision: Decision) -> bool:
        return decision.mode == "act" and self._answers.knows(decision.answer)

    def _learn(self, decision: Decision, answer: object) -> None:
        self.learner.teach(decision, self._answers.option_of(answer), by=self._by)

    def _keep(self, decision: Decision) -> None:
        """Lets a decision wait: its body gave no answer."""
        with self._guard:
            _put(self._waiting, hash_of_checked(decision.situation), decision)

    async def _call_asynchronously(self, situation: Situation, args: Any, kwargs: Any) -> Any:
        """The same for a coroutine function; the learner works in a thread of its own, see :mod:`worker`."""
        import asyncio

        self._require_own_process()
        deciding = self._in_worker(self._decide, situation)
        try:
            decision = await asyncio.wrap_future(deciding)
        except asyncio.CancelledError:
            deciding.add_done_callback(self._keep_result)
            raise
        if self._alone(decision):
            return self._answers.value_of(str(decision.answer))
        try:
            answer = await cast(Any, self.__wrapped__)(*args, **kwargs)
            learning = asyncio.wrap_future(self._in_worker(self._learn, decision, answer, first=True))
        except BaseException:
            self._keep(decision)
            raise
        try:
            await asyncio.shield(learning)  # the body has answered: a cancelled caller does not lose the lesson
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._keep(decision)
            raise
        return answer

    def _in_worker(self, work: Callable[..., Any], *given: Any, first: bool = False) -> Future[Any]:
        with self._guard:
            if self._worker is None:
                self._worker = Worker(f"learned-{self.name}")
            return self._worker.submit(work, *given, first=first)

    def _keep_result(self, deciding: Future[Any]) -> None:
        """Nobody waits for this decision any more; the next call with equal arguments takes it up."""
        if not deciding.cancelled() and deciding.exception() is None and not self._alone(deciding.result()):
            self._keep(deciding.result())

    def _open(self) -> None:
        learner = open_learner(self._opening)
        for decision in learner.waiting(REMEMBERED):
            _put(self._waiting, hash_of_checked(decision.situation), decision)
        self._process = os.getpid()
        self._finalizer = weakref.finalize(self, _close_in, self._process, learner)
        self._learner = learner


def _mark_asynchronous(function: Any) -> None:
    """Lets frameworks see that a call must be awaited."""
    mark = getattr(inspect, "markcoroutinefunction", None)
    if mark is not None:
        mark(function)
    else:  # Python 3.11 has no public way; asyncio.iscoroutinefunction looks for this
        import asyncio.coroutines

        function._is_coroutine = getattr(asyncio.coroutines, "_is_coroutine", None)


def _put(held: OrderedDict[str, Any], key: str, value: Any) -> None:
    """Keeps a value as the newest one, and drops the oldest beyond :data:`REMEMBERED`."""
    held[key] = value
    held.move_to_end(key)
    while len(held) > REMEMBERED:
        held.popitem(last=False)


def _close_in(process: int, learner: Learner) -> None:
    """Closes a learner when its function is gone, or at the end of the program; not in a fork of it."""
    if process == os.getpid():
        learner.close()


def _forked(name: str) -> JournalLockedError:
    error = locked(name, "the parent's")
    return JournalLockedError(
        f"{name}() was opened before this process was forked, and its journal is the parent's.",
        next_step="Call it first after the fork. " + error.next_step,
    )
