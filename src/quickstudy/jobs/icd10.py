"""A medical coder's job: clinical phrases, written by people, and their place in the ICD-10-CM code book.

The package ``simple-icd-10-cm`` ships the code book of April 2026 as XML (public domain, CDC/NCHS). Its *inclusion
terms* are the phrases that coders meet ("Smokers' cough"); each stands under one code. The task: phrase → chapter,
block or category of that code. The options' descriptions are titles from the book, so a learner can guess before the
first lesson.

Invariants: read-only and deterministic (the order of tasks depends on the seed alone). Phrases that stand under several
codes stay as they are, as in real work: then no answer is right every time; :attr:`Codebook.ambiguous` counts them.
Not here: codes below a category, excludes notes, procedures (ICD-10-PCS).
"""

from __future__ import annotations

import functools
import importlib.util
import random
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from quickstudy.errors import InputError, QuickstudyError
from quickstudy.job import Job

Level: TypeAlias = Literal["chapter", "block", "category"]
LEVELS: tuple[str, ...] = get_args(Level)
"""The levels of the code book, coarse to fine: 22 chapters, about 270 blocks, about 1,450 categories."""

DESCRIPTION_CHARACTERS = 600
"""Descriptions are cut to this length: about 150 to 200 tokens, which an encoder reads in one piece."""

_CODES_IN_BRACKETS = re.compile(r"\s*\([A-Z][0-9A-Z]{2}(?:-[A-Z][0-9A-Z]{2})?\)\s*$")


@dataclass(frozen=True, slots=True)
class Codebook:
    """The code book at one level.

    Attributes:
        level: "chapter", "block" or "category".
        titles: code → title, in the book's order; only codes that have a phrase.
        descriptions: code → title and the titles below it, cut to a sensible length.
        phrases: every (phrase, code), in the book's order.
        repeated: how many of the phrases stand in the book more than once.
        ambiguous: how many of the phrases stand under several codes of this level.
    """

    level: str
    titles: dict[str, str]
    descriptions: dict[str, str]
    phrases: tuple[tuple[str, str], ...]
    repeated: int
    ambiguous: int


@functools.lru_cache(maxsize=len(LEVELS))
def icd10_codebook(level: str = "block") -> Codebook:
    """The code book at one level; takes about half a second the first time.

    Args:
        level: "chapter", "block" or "category".

    Raises:
        InputError: an unknown level.
        QuickstudyError: the package ``simple-icd-10-cm`` or its XML file is missing or damaged.

    >>> book = icd10_codebook("block")
    >>> book.titles["A00-A09"], book.phrases[0]
    ('Intestinal infectious diseases', ('Classical cholera', 'A00-A09'))
    """
    if level not in LEVELS:
        raise InputError(f"There is no level {level!r} in the code book.", next_step=f"Choose one of {LEVELS}.")
    titles: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    phrases: list[tuple[str, str]] = []
    for code, title, below, node in _nodes(_book(), level):
        found = [_clean(note.text) for note in node.iterfind(".//inclusionTerm/note")]
        found = [phrase for phrase in found if phrase]
        if not found:
            continue
        if code in titles:
            raise QuickstudyError(f"The code book has {code!r} twice at level {level!r}.", next_step=_REINSTALL)
        titles[code] = title
        descriptions[code] = _described(title, below)
        phrases.extend((phrase, code) for phrase in found)
    answers: dict[str, list[str]] = defaultdict(list)
    for phrase, code in phrases:
        answers[phrase.casefold()].append(code)
    return Codebook(
        level=level,
        titles=titles,
        descriptions=descriptions,
        phrases=tuple(phrases),
        repeated=sum(len(codes) for codes in answers.values() if len(codes) > 1),
        ambiguous=sum(len(codes) for codes in answers.values() if len(set(codes)) > 1),
    )


def icd10_tasks(
    level: str = "block", tasks: int = 3000, seed: int = 0, *, encoder: str = "minilm"
) -> tuple[Job, list[tuple[str, str]]]:
    """The coder's job and a random stream of labelled phrases.

    Args:
        level: what to answer with: "chapter", "block" or "category".
        tasks: how many phrases, drawn without replacement; all of them if there are fewer.
        seed: fixes the order.
        encoder: the job's encoder.

    Returns:
        The job (options: the codes, with their titles as descriptions) and a list of (phrase, code).

    Raises:
        InputError: an unknown level, or ``tasks`` below 1.

    >>> job, pairs = icd10_tasks("chapter", tasks=3)
    >>> len(job.options), len(pairs), pairs[0][1] in job.options
    (22, 3, True)
    """
    if isinstance(tasks, bool) or not isinstance(tasks, int) or tasks < 1:
        raise InputError(f"tasks is {tasks!r}.", next_step="Give a whole number from 1.")
    book = icd10_codebook(level)
    job = Job(
        f"icd10-{level}",
        book.descriptions,
        instructions=f"Find the {level} of the ICD-10-CM code book to which a clinical phrase belongs.",
        encoder=encoder,
    )
    return job, random.Random(seed).sample(book.phrases, min(tasks, len(book.phrases)))


_REINSTALL = "Install it again: pip install --force-reinstall simple-icd-10-cm==1.5.0"


def _book() -> ElementTree.Element:
    # The package parses the whole book into its own objects when imported (2 s); its XML file is all that is needed.
    spec = importlib.util.find_spec("simple_icd_10_cm")
    if spec is None or not spec.submodule_search_locations:
        raise QuickstudyError("The package 'simple-icd-10-cm' is not installed.", next_step=_REINSTALL)
    folder = Path(spec.submodule_search_locations[0]) / "data"
    files = sorted(folder.glob("icd10c*tabular*.xml"))
    if not files:
        raise QuickstudyError(f"The code book is missing from {str(folder)!r}.", next_step=_REINSTALL)
    try:
        return ElementTree.parse(files[-1]).getroot()
    except ElementTree.ParseError as error:
        raise QuickstudyError(f"The code book {files[-1].name!r} is damaged: {error}.", next_step=_REINSTALL) from error


def _nodes(root: ElementTree.Element, level: str) -> Iterator[tuple[str, str, list[str], ElementTree.Element]]:
    """Yields (code, title, titles below, node) at one level."""
    for chapter in root.iterfind("chapter"):
        blocks = [(section.get("id", ""), _title(section), section) for section in chapter.iterfind("section")]
        if level == "chapter":
            code = _codes_in_brackets(chapter) or f"Chapter {chapter.findtext('name', '').strip()}"
            yield code, _title(chapter), [title for _, title, _ in blocks], chapter
            continue
        for code, title, section in blocks:
            if level == "block":
                yield code, title, [_title(category) for category in section.iterfind("diag")], section
                continue
            for category in section.iterfind("diag"):
                below = [_title(code_below) for code_below in category.iterfind("diag")]
                yield category.findtext("name", "").strip(), _title(category), below, category


def _described(title: str, below: list[str]) -> str:
    text = title
    seen = {title.casefold()}
    for part in below:
        if part.casefold() in seen:
            continue
        seen.add(part.casefold())
        longer = f"{text}; {part}"
        if len(longer) > DESCRIPTION_CHARACTERS:
            break
        text = longer
    return text


def _title(node: ElementTree.Element) -> str:
    return _CODES_IN_BRACKETS.sub("", _clean(node.findtext("desc")))


def _codes_in_brackets(node: ElementTree.Element) -> str:
    found = _CODES_IN_BRACKETS.search(_clean(node.findtext("desc")))
    return found.group().strip(" ()") if found else ""


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())
