"""Loaders of the benchmark data: one function a data set, plain frozen data out.

Invariants: order is the file's order; nothing is dropped or repaired silently: a missing file, column or odd row is an
error that names the file and says where the data come from. Not here: shuffles (``streams``) and vectors (``vectors``).
"""

from __future__ import annotations

import csv
import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path

from quickstudy.errors import TableError
from quickstudy.types import Record

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DATA = ROOT.parent / "shared" / "data"
SOURCES = {
    "banking77": "PolyAI-LDN/task-specific-datasets on GitHub (banking_data/train.csv and test.csv; CC BY 4.0)",
    "clinc150": "clinc/oos-eval on GitHub (data/data_full.json; CC BY 3.0)",
    "gla_spending": "rufuspollock/dataset-gla on GitHub (all.csv; public domain, PDDL)",
    "hint3": "hellohaptik/HINT3 on GitHub (dataset/v2/train and test; ODbL)",
}
HINT3_BOTS = ("curekart", "powerplay11", "sofmattress")
OUT_OF_SCOPE = "NO_NODES_DETECTED"
"""HINT3's label of a question that none of the bot's answers fits."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and their labels, in the file's order."""

    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A data set of labelled questions.

    Attributes:
        train: what may be learned.
        test: the official test, in scope only.
        validation: in scope; empty where there is none.
        outside: out-of-scope test texts.
        outside_validation: out-of-scope texts for choosing a score.
    """

    train: Labelled
    test: Labelled
    validation: Labelled = field(default_factory=Labelled)
    outside: tuple[str, ...] = ()
    outside_validation: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """The labels of the training part, sorted."""
        return tuple(sorted(set(self.train.labels)))


@dataclass(frozen=True, slots=True)
class Payments:
    """GLA spending in time order: what is seen, what was booked, and when (seconds since 1970, rising)."""

    records: tuple[Record, ...]
    accounts: tuple[str, ...]
    times: tuple[float, ...]


def load_corpus(name: str, folder: Path) -> Corpus:
    """A data set of questions: ``"banking77"``, ``"clinc150"``, or ``"hint3-BOT"``.

    Raises:
        TableError: the data are missing or not as expected; says where they come from.
    """
    if name == "banking77":
        train, test = (_table(folder, name, f"{name}/{part}.csv", "text", "category") for part in ("train", "test"))
        return Corpus(train, test)
    if name == "clinc150":
        return _clinc(folder)
    bot = name.removeprefix("hint3-")
    if bot in HINT3_BOTS:
        train = _table(folder, "hint3", f"hint3/train_{bot}_train.csv", "sentence", "label")
        test = _table(folder, "hint3", f"hint3/test_{bot}_test.csv", "sentence", "label")
        pairs = list(zip(test.texts, test.labels, strict=True))
        inside = [(text, label) for text, label in pairs if label != OUT_OF_SCOPE]
        outside = tuple(text for text, label in pairs if label == OUT_OF_SCOPE)
        return Corpus(train, _labelled(inside), outside=outside)
    raise TableError(f"There is no data set {name!r}.", next_step="Known: banking77, clinc150, hint3-BOT.")


def load_payments(folder: Path) -> Payments:
    """GLA spending: vendor, amount and date as records, the account's description as the answer.

    The file's order is kept; a payment's time is its day, and within a day its place.

    Raises:
        TableError: the file is missing, has an odd row, or is not in time order.
    """
    file = _file(folder, "gla_spending", "gla_spending/all.csv")
    records: list[Record] = []
    accounts: list[str] = []
    times: list[float] = []
    for number, row in _rows(file, ("Vendor", "Amount", "Date", "AccountDescription")):
        try:
            date = datetime.date.fromisoformat(row["Date"])
            amount = float(row["Amount"])
        except ValueError as error:
            raise TableError(f"{file}, row {number}: {error}.", next_step=_origin("gla_spending")) from error
        midnight = datetime.datetime.combine(date, datetime.time(), datetime.UTC).timestamp()
        if times and midnight < times[-1] // 86_400 * 86_400:
            raise TableError(f"{file}, row {number} is out of time order.", next_step=_origin("gla_spending"))
        times.append(max(midnight, times[-1] + 1.0) if times else midnight)
        records.append({"vendor": row["Vendor"], "amount": amount, "date": date})
        accounts.append(row["AccountDescription"])
    return Payments(tuple(records), tuple(accounts), tuple(times))


def _clinc(folder: Path) -> Corpus:
    file = _file(folder, "clinc150", "clinc150/data_full.json")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        parts = {key: _labelled([(text, label) for text, label in data[key]]) for key in ("train", "val", "test")}
        outside = {key: tuple(text for text, _ in data[key]) for key in ("oos_test", "oos_val")}
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(f"{file} is not CLINC150's: {error!r}.", next_step=_origin("clinc150")) from error
    return Corpus(parts["train"], parts["test"], parts["val"], outside["oos_test"], outside["oos_val"])


def _table(folder: Path, source: str, path: str, text: str, label: str) -> Labelled:
    file = _file(folder, source, path)
    return _labelled([(row[text], row[label]) for _, row in _rows(file, (text, label))])


def _labelled(pairs: list[tuple[str, str]]) -> Labelled:
    return Labelled(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


def _rows(file: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            raise TableError(
                f"{file} has no column {missing[0]!r}; it has {reader.fieldnames}.",
                next_step="Get the file again from its source; see data/README.md or python -m bench list.",
            )
        rows = []
        for number, row in enumerate(reader, start=2):
            if any(not (row[column] or "").strip() for column in columns):
                raise TableError(f"{file}, row {number} has an empty field.", next_step="Get the file again.")
            rows.append((number, row))
    return rows


def _file(folder: Path, source: str, path: str) -> Path:
    file = folder / path
    if not file.is_file():
        raise TableError(
            f"The benchmark data {path!r} are not in {str(folder)!r}.",
            next_step=f"{_origin(source)} Put them there, or name their folder with --data DIR.",
            code="missing-data",
        )
    return file


def _origin(source: str) -> str:
    return f"They come from {SOURCES[source]}."
