"""``decide`` and ``teach``: one situation, one lesson.

Not here: whole tables (``work``).
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from quickstudy.cells import time_of
from quickstudy.cli.asking import in_words
from quickstudy.cli.console import JournalOption, JsonOption, out, print_json, show
from quickstudy.cli.opening import open_for_learning, open_for_reading
from quickstudy.errors import InputError
from quickstudy.journal.address import shown
from quickstudy.perception import situation_from_json, situation_to_json

if TYPE_CHECKING:
    from quickstudy.types import Decision, Situation

RecordOption = Annotated[str | None, typer.Option("--record", help="The situation as JSON, like '{\"amount\": 12.5}'.")]
JobOption = Annotated[Path | None, typer.Option("--job", help="A job file, if there is no journal yet.")]


def decide(
    journal: JournalOption,
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="The situation, as text.")] = None,
    record: RecordOption = None,
    job: JobOption = None,
    request_id: Annotated[str | None, typer.Option(help="Your own key: the same key gets the same decision.")] = None,
    predict: Annotated[bool, typer.Option("--predict", help="Write nothing to the journal.")] = False,
    top: Annotated[int, typer.Option(min=1, help="How many options to show.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Decide one situation, and say what the decision rests on.

    For example:

      quickstudy decide "I was charged twice" --journal route.db

      quickstudy decide --record '{"vendor": "Acme", "amount": 12.5}' --journal accounts.db --json
    """
    situation = _situation(text, record)
    if predict:
        with open_for_reading(journal) as learner:
            decision = learner.predict(situation)
    else:
        with open_for_learning(journal, job) as learner:
            decision = learner.decide(situation, request_id=request_id)
    if as_json:
        print_json(_as_data(decision, top))
    else:
        _show_decision(decision, top, journal)


def teach(
    journal: JournalOption,
    words: Annotated[
        list[str],
        typer.Argument(metavar="[DECISION_ID] ANSWER", help="The decision it answers, then the right answer."),
    ],
    text: Annotated[str | None, typer.Option("--text", help="Teach this text instead of a decision.")] = None,
    record: RecordOption = None,
    job: JobOption = None,
    by: Annotated[str | None, typer.Option(help="Who teaches.")] = None,
    at: Annotated[str | None, typer.Option(help="When it happened: an ISO time, or seconds since 1970.")] = None,
    lesson_id: Annotated[str | None, typer.Option(help="Your own key: the same lesson counts once.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Teach the right answer, to a decision or to a text or record.

    Teaching a decision again replaces what the same teacher said before.

    For example:

      quickstudy teach 5f0c2a9be1d84f2c8e6f billing --journal route.db

      quickstudy teach --text "my card was stolen" fraud --journal route.db --by anna
    """
    alone = text is not None or record is not None
    if len(words) != (1 if alone else 2):
        raise InputError(
            f"teach got {len(words)} words.",
            next_step='Write: teach DECISION_ID ANSWER, or: teach --text "..." ANSWER. Put quotes around spaces.',
            code="usage",
        )
    moment = None if at is None else time_of(at)
    with open_for_learning(journal, job) as learner:
        if alone:
            lesson = learner.teach(_situation(text, record), words[0], lesson_id=lesson_id, by=by, at=moment)
        else:
            lesson = learner.teach(None, words[1], decision_id=words[0], lesson_id=lesson_id, by=by, at=moment)
    if as_json:
        print_json({"lesson": lesson.id, "decision": lesson.decision_id, "answer": lesson.answer, "by": lesson.by})
    else:
        show(f"Learned {lesson.answer!r}. Lesson {lesson.id}")


def reject(
    journal: JournalOption,
    decision_id: Annotated[str, typer.Argument(help="The decision that was wrong.")],
    by: Annotated[str | None, typer.Option(help="Who says so.")] = None,
    lesson_id: Annotated[str | None, typer.Option(help="Your own key: the same verdict counts once.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a decision was wrong, and that none of the options is right.

    It counts as an error where the learner stood behind its answer. If you know the right answer, use teach.

    For example:

      quickstudy reject 5f0c2a9be1d84f2c8e6f --journal route.db --by anna
    """
    with open_for_learning(journal, None) as learner:
        lesson = learner.reject(decision_id, by=by, lesson_id=lesson_id)
    if as_json:
        print_json({"lesson": lesson.id, "decision": lesson.decision_id, "answer": None, "by": lesson.by})
    else:
        show(f"Noted: no option is right. Lesson {lesson.id}")


def _situation(text: str | None, record: str | None) -> Situation:
    if (text is None) == (record is None):
        raise InputError("Give one situation.", next_step="Either a text, or --record JSON.", code="usage")
    if text is not None:
        return text
    try:
        values = json.loads(record or "")
    except ValueError as error:
        raise InputError(
            f"--record is not JSON: {error}.", next_step="Give an object like '{\"amount\": 12.5}'."
        ) from error
    if not isinstance(values, dict):
        raise InputError("--record is not a JSON object.", next_step="Give an object like '{\"amount\": 12.5}'.")
    if set(values) == {"record"} and isinstance(values["record"], dict):  # as export writes it, with dates
        return situation_from_json(json.dumps(values))
    return values


def _as_data(decision: Decision, top: int) -> dict[str, Any]:
    return {
        "id": decision.id,
        "answer": decision.answer,
        "probability": decision.probability,
        "alone": decision.alone,
        "mode": decision.mode,
        "novelty": decision.novelty,
        "probabilities": dict(decision.probabilities.top(top)),
        "evidence": {
            "neighbours": [
                {
                    "situation": None if near.situation is None else json.loads(situation_to_json(near.situation)),
                    "answer": near.answer,
                    "similarity": near.similarity,
                    "lesson": near.lesson_id,
                    "by": near.by,
                    "at": near.at,
                }
                for near in decision.evidence.neighbours
            ],
            "opinions": [
                {"expert": o.expert, "answer": o.answer, "probability": o.probability, "weight": o.weight}
                for o in decision.evidence.opinions
            ],
            "reliability": decision.evidence.reliability,
        },
    }


def _show_decision(decision: Decision, top: int, journal: str) -> None:
    console = out()
    if decision.answer is None:
        show("No option is known yet.")
    for name, probability in decision.probabilities.top(top):
        style = "bold cyan" if name == decision.answer else ""
        console.print(Text.assemble((f"{probability:7.1%}  ", "dim"), (name, style)), soft_wrap=True)
    said = f"novelty {decision.novelty:.2f}"
    if decision.evidence.neighbours:
        said += f", proposals on what is like it right in about {decision.evidence.reliability:.0%}"
    console.print(Text(said, style="dim"))
    for near in decision.evidence.neighbours[:3]:
        if near.situation is not None:
            like = f"like {near.similarity:.2f}: {in_words(near.situation, 60)} → {near.answer}"
            console.print(Text(like, style="dim"), soft_wrap=True)
    for opinion in decision.evidence.opinions:
        said = f"{opinion.expert} (weight {opinion.weight:.2f}): {opinion.answer} {opinion.probability:.0%}"
        console.print(Text(said, style="dim"), soft_wrap=True)
    if decision.id:
        show(f"Answer it with: quickstudy teach {decision.id} ANSWER --journal {shlex.quote(shown(journal))}")
