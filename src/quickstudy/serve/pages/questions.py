"""A decision as a question to a person: what was seen, the answers to choose from, what is remembered, why it asks.

Invariants: pure functions, decision → frozen data. A *blind* question holds nothing of what the learner thinks: no
probability, no order by it, no evidence; so a template cannot leak it. Not here: which question comes next
(``waiting``), and what becomes of the answer (``work``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quickstudy.autonomy.gate import REASONS
from quickstudy.serve.pages.words import Seen, chance, seen
from quickstudy.types import NEW_OPTION, Decision, Neighbour
from quickstudy.views import OTHER_OPTIONS

KEYS = 9
"""So many answers have a key of their own."""

LISTED_BLIND = 60
"""A blind question lists so many options; any other is found by its name."""

NEAR_CASES = 4
CLOSE_RACE = 0.5
"""A runner-up with this share of the guess's probability is close."""

FAR = 0.6
"""From this novelty on a situation is called unlike what was learned."""

HEARD = 0.15
"""An expert with at least this share of the pool's weight is heard when experts disagree."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose: its name, what it means, its key (1 to 9, or none), and its probability unless blind."""

    name: str
    meaning: str
    key: str
    probability: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """A remembered case near the situation."""

    seen: Seen
    answer: str
    similarity: float
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one expert proposes, with its share of the pool's weight."""

    expert: str
    answer: str
    probability: float
    share: float


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        id: the decision's.
        seen: the situation.
        at: when it was decided, seconds since 1970.
        blind: whether what the learner thinks is kept from the reader.
        choices: most probable first; blind: by name, so that the keys are always the same.
        others: how many more options there are.
        guess: the most probable option; None if blind, or if no option is known.
        doubts: why it asks, the strongest first; empty if blind.
        cases: the nearest remembered cases; empty if blind.
        opinions: the experts'; empty if blind.
        is_open: whether a new option may be named.
        said: what the same person answered before; None if nothing.
        listed: whether the task lists its own options, so that no other can be right.
    """

    id: str
    seen: Seen
    at: float
    blind: bool
    choices: tuple[Choice, ...]
    others: int
    guess: Choice | None
    doubts: tuple[str, ...]
    cases: tuple[Case, ...]
    opinions: tuple[Opinion, ...]
    is_open: bool
    said: str | None = None
    listed: bool = False


def open_question(
    id: str, decision: Decision, meanings: Mapping[str, str], *, reason: str, is_open: bool, said: str | None = None
) -> Question:
    """A question that shows what the learner thinks.

    Args:
        id: the decision's id; ``decision`` may be a newer prediction of the same situation.
        decision: what it thinks now.
        meanings: the options' descriptions.
        reason: why the decision was asked, see :data:`quickstudy.autonomy.gate.REASONS`.
        is_open: whether a new option may be named.
        said: what the same person answered before.
    """
    ranked = ranking(decision)
    choices = tuple(
        Choice(name, meanings.get(name, ""), str(place), p) for place, (name, p) in enumerate(ranked[:KEYS], 1)
    )
    known = len(decision.probabilities) - (NEW_OPTION in decision.probabilities)
    return Question(
        id=id,
        seen=seen(decision.situation),
        at=decision.at,
        blind=False,
        choices=choices,
        others=max(0, known - len(choices)),
        guess=choices[0] if choices else None,
        doubts=doubts(decision, reason),
        cases=tuple(_case(near) for near in decision.evidence.neighbours if near.situation is not None)[:NEAR_CASES],
        opinions=opinions(decision),
        is_open=is_open,
        said=said,
    )


def blind_question(
    decision: Decision, options: Sequence[str], meanings: Mapping[str, str], *, is_open: bool, said: str | None = None
) -> Question:
    """A question that shows the task alone.

    Args:
        decision: only its id, situation and time are read.
        options: the names to choose from.
        meanings: their descriptions.
        is_open: whether a new option may be named.
        said: what the same person answered before.
    """
    names = sorted(options, key=str.casefold)[:LISTED_BLIND]
    return Question(
        id=decision.id,
        seen=seen(decision.situation),
        at=decision.at,
        blind=True,
        choices=tuple(
            Choice(name, meanings.get(name, ""), str(place) if place <= KEYS else "", None)
            for place, name in enumerate(names, 1)
        ),
        others=len(options) - len(names),
        guess=None,
        doubts=(),
        cases=(),
        opinions=(),
        is_open=is_open,
        said=said,
    )


def ranking(decision: Decision, count: int = KEYS) -> list[tuple[str, float]]:
    """The most probable real options of a decision, best first."""
    made_up = {NEW_OPTION, OTHER_OPTIONS}
    return [(name, p) for name, p in decision.probabilities.top(count + 2) if name not in made_up][:count]


def opinions(decision: Decision) -> tuple[Opinion, ...]:
    """The experts' opinions with their shares of the weight, the heaviest first."""
    total = sum(max(0.0, opinion.weight) for opinion in decision.evidence.opinions) or 1.0
    found = [Opinion(o.expert, o.answer, o.probability, max(0.0, o.weight) / total) for o in decision.evidence.opinions]
    return tuple(sorted(found, key=lambda opinion: -opinion.share))


def doubts(decision: Decision, reason: str) -> tuple[str, ...]:
    """Why a decision was asked, in sentences, the strongest first.

    Args:
        decision: with its evidence.
        reason: the gate's word for it; "off" where it may answer nothing alone.
    """
    found: list[str] = []
    new = decision.probabilities.get(NEW_OPTION, 0.0)
    near = [case for case in decision.evidence.neighbours if case.lesson_id]
    if decision.answer is None:
        return ("It knows no option yet: your first answers are its first lessons.",)
    if new > decision.probability:
        found.append(f"Probably none of the options it knows ({chance(new)}).")
    if not near:
        found.append("Nothing was taught that is like it: the guess comes from the options' names.")
    elif decision.novelty >= FAR:
        found.append(f"Unlike what it was taught; the nearest case has a similarity of {near[0].similarity:.2f}.")
    ranked = ranking(decision, 2)
    if len(ranked) > 1 and ranked[1][1] >= CLOSE_RACE * ranked[0][1]:
        (first, p), (second, q) = ranked
        found.append(f"A close race: {first} {chance(p)}, {second} {chance(q)}.")
    if split := _split(decision):
        found.append(split)
    if len({case.answer for case in near[:3]}) > 1:
        answers = list(dict.fromkeys(case.answer for case in near[:3]))
        found.append(f"The nearest cases were answered differently: {', '.join(answers)}.")
    if reason == "off":
        found.append("It is not allowed to answer alone: this job asks about everything.")
    elif reason in REASONS and reason not in ("unsure", "sure", "audit", "nothing known", "new", "far"):
        found.append(_sentence(REASONS[reason]))
    if not found:
        found.append(f"Not sure enough: it gives its guess {chance(decision.probability)}.")
    return tuple(found)


def _split(decision: Decision) -> str:
    """Which experts with a say would answer otherwise; empty if none."""
    heard = [opinion for opinion in opinions(decision) if opinion.share >= HEARD]
    sides: dict[str, list[str]] = {}
    for opinion in heard:
        sides.setdefault(opinion.answer, []).append(opinion.expert)
    if len(sides) < 2:
        return ""
    said = "; ".join(f"{' and '.join(experts)}: {answer}" for answer, experts in list(sides.items())[:3])
    return f"Its experts disagree. {said}."


def _case(near: Neighbour) -> Case:
    return Case(seen(near.situation), near.answer, near.similarity, near.by or "", near.at)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
