"""Between events and what callers see: decisions with their evidence, and lessons. Pure reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from quickstudy.journal import Event, Journal
from quickstudy.knowledge import Knowledge
from quickstudy.mind import Proposal
from quickstudy.perception import situation_from_json
from quickstudy.types import (
    NEW_OPTION,
    Decision,
    Evidence,
    FloatArray,
    Lesson,
    Neighbour,
    Opinion,
    Probabilities,
    Situation,
    Value,
)

SHOWN_NEIGHBOURS = 5
RECORDED_OPTIONS = 10
OTHER_OPTIONS = "(other options)"
"""In a decision read back from the journal: the options beyond the ten most probable, together."""

VALUE_FIELDS = tuple(field.name for field in fields(Value))


def decisions(
    journal: Journal,
    knowledge: Knowledge,
    situations: Sequence[Situation],
    names: list[str],
    proposal: Proposal,
    times: Sequence[float],
) -> list[Decision]:
    """Decisions without ids from a proposal about ``situations``, each with its own time."""
    known = len(names)
    shown = [*names, NEW_OPTION] if proposal.probabilities.shape[1] > known else names
    near = _neighbours(journal, knowledge, proposal)
    experts = [(expert.name, float(w)) for expert, w in zip(knowledge.mind.experts, _weights(knowledge), strict=True)]
    reliability = proposal.reliability
    results = []
    for row, situation in enumerate(situations):
        values = proposal.probabilities[row]
        best = int(values[:known].argmax()) if known else None
        results.append(
            Decision(
                id="",
                alone=False,
                answer=None if best is None else names[best],
                probability=0.0 if best is None else float(values[best]),
                probabilities=Probabilities(shown, values),
                novelty=float(proposal.novelty[row]),
                mode="ask",
                evidence=Evidence(
                    near[row], _opinions(experts, names, proposal.logits[:, row]), float(reliability[row])
                ),
                situation=situation,
                at=times[row],
            )
        )
    return results


def recorded(decision: Decision, options: Sequence[str] | None) -> dict[str, Any]:
    """What the journal keeps of a decision beside its columns."""
    data: dict[str, Any] = {
        "novelty": decision.novelty,
        "reliability": decision.evidence.reliability,
        "top": [[name, p] for name, p in decision.probabilities.top(RECORDED_OPTIONS)],
        "options": len(decision.probabilities),
        "opinions": [[o.expert, o.answer, o.probability, o.weight] for o in decision.evidence.opinions],
        "near": [[n.lesson_id, n.answer, n.similarity, n.at, n.by] for n in decision.evidence.neighbours],
    }
    if options is not None:
        data["among"] = list(options)
    if decision.value is not None:
        data["value"] = {name: getattr(decision.value, name) for name in VALUE_FIELDS}
    return data


def past_decision(event: Event) -> Decision:
    """A decision as the journal keeps it; neighbours come without their situations."""
    data = event.data
    names = [name for name, _ in data.get("top", [])]
    values = [float(p) for _, p in data.get("top", [])]
    if data.get("options", 0) > len(names):
        names.append(OTHER_OPTIONS)
        values.append(max(0.0, 1.0 - sum(values)))
    near = tuple(Neighbour(id, None, answer, s, at, by) for id, answer, s, at, by in data.get("near", []))
    return Decision(
        id=event.id,
        alone=event.mode == "act",
        answer=event.answer,
        probability=event.probability or 0.0,
        probabilities=Probabilities(names, np.array(values)),
        novelty=float(data.get("novelty", 0.0)),
        mode="act" if event.mode == "act" else "audit" if event.mode == "audit" else "ask",
        evidence=Evidence(
            near, tuple(Opinion(*opinion) for opinion in data.get("opinions", [])), float(data.get("reliability", 0.5))
        ),
        situation=situation_from_json(event.situation) if event.situation else "",
        at=event.at,
        request_id=event.request_id,
        value=Value(**data["value"]) if "value" in data else None,
        reason=str(data.get("reason", "")),
    )


def lesson(event: Event, answer: str | None = None) -> Lesson:
    """A lesson event as a lesson, under ``answer``, today's name of the option, if given."""
    return Lesson(event.id, event.decision_id, answer or event.answer, event.value, event.by, event.at)


def _weights(knowledge: Knowledge) -> FloatArray:
    return knowledge.mind.pool.weights


def _opinions(experts: list[tuple[str, float]], names: list[str], logits: FloatArray) -> tuple[Opinion, ...]:
    """Every expert's best answer and the probability it gives to it, from logits (e, options)."""
    if not names:
        return ()
    best = logits.argmax(axis=1)
    shares = 1.0 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)
    return tuple(Opinion(name, names[best[i]], float(shares[i]), weight) for i, (name, weight) in enumerate(experts))


def _neighbours(journal: Journal, knowledge: Knowledge, proposal: Proposal) -> list[tuple[Neighbour, ...]]:
    """The nearest remembered tasks of every situation."""
    found = proposal.neighbours
    memory, names = knowledge.mind.memory, knowledge.options.names
    rows = found.rows[:, :SHOWN_NEIGHBOURS]
    ids = {int(row): memory.lesson(int(row)) for row in np.unique(rows)}
    lessons = journal.situations_of(ids.values())
    results = []
    for i in range(len(found.rows)):
        near = []
        for j, row in enumerate(rows[i]):
            option = int(found.options[i, j])
            if option < 0:
                continue
            text, by = lessons.get(ids[int(row)], (None, None))
            near.append(
                Neighbour(
                    lesson_id=ids[int(row)],
                    situation=situation_from_json(text) if text else None,
                    answer=names[option],
                    similarity=float(found.similarity[i, j]),
                    at=float(found.at[i, j]),
                    by=by,
                )
            )
        results.append(tuple(near))
    return results
