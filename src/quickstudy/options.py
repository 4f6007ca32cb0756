"""The options of a job as they stand: columns, names, aliases. A pure fold over option events.

An option is a *column*; its name may change. A name that was renamed away or merged stays an alias of its column, so
lessons that use the old name still find it, also lessons of a copy that has not heard of the change. Adding an alias
again explicitly makes a new option of that name. Columns are never removed: a retired option is not proposed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from quickstudy.errors import OptionError
from quickstudy.journal import Event

Action: TypeAlias = Literal["add", "rename", "merge", "retire"]


def declared_id(name: str, description: str) -> str:
    """The id of the event that declares an option: the same in every learner, so that declarations merge to one."""
    return "option-" + hashlib.sha256(f"{name}\0{description}".encode()).hexdigest()[:32]


def description_text(name: str, description: str) -> str:
    """What the prior reads about an option: its name in plain words, and its description."""
    words = name.replace("_", " ").strip() or name
    return f"{words}: {description}" if description else words


class Options:
    """Columns and their names."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.active: list[bool] = []
        self.columns: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def current(self) -> tuple[str, ...]:
        """The names of the options that are not retired, in order."""
        return tuple(name for name, active in zip(self.names, self.active, strict=True) if active)

    def same(self, one: str | None, other: str | None) -> bool:
        """Whether two names mean one option; None means none."""
        if one is None or other is None:
            return False
        column = self.column(other)
        return one == other if column is None else column == self.column(one)

    def column(self, name: str) -> int | None:
        """The column that ``name`` means today, or None."""
        return self.columns.get(name)

    def required(self, name: str) -> int:
        """The column of an active option under its present name.

        Raises:
            OptionError: there is none.
        """
        column = self.columns.get(name) if isinstance(name, str) else None
        if column is None or not self.active[column]:
            raise unknown_option(name, self.current())
        return column

    def is_current(self, name: str) -> bool:
        """Whether ``name`` is the present name of an active option."""
        column = self.columns.get(name)
        return column is not None and self.active[column] and self.names[column] == name

    def joins(self, old: str, new: str) -> bool:
        """Whether to rename ``old`` to ``new`` makes one option of two: ``new`` is another's name, retired or not."""
        target = self.columns.get(new)
        return target is not None and self.names[target] == new and target != self.columns.get(old)

    def add(self, name: str) -> int:
        """The column of ``name``: an existing one (made active again), or a new one if it is unknown or an alias."""
        column = self.columns.get(name)
        if column is not None and self.names[column] == name:
            self.active[column] = True
            return column
        self.columns[name] = len(self.names)
        self.names.append(name)
        self.active.append(True)
        return self.columns[name]

    def add_if_unknown(self, name: str) -> int:
        """The column that ``name`` means, alias or not; a new one if nothing has that name."""
        column = self.columns.get(name)
        return self.add(name) if column is None else column

    def apply(self, event: Event) -> tuple[Action, int, int | None]:
        """Folds one option event; says what it was, which column it is about, and the column it was merged into."""
        name = str(event.answer)
        action: Action = event.data["action"]
        if action == "add":
            return action, self.add(name), None
        column = self.columns.get(name)
        if column is None:
            column = self.add(name)
        if action == "retire":
            self.active[column] = False
            return action, column, None
        other = str(event.data["other"])
        if action == "merge" or self.joins(name, other):
            into = self.add(other)
            if into != column:
                self.active[column] = False
                self.columns = {alias: into if at == column else at for alias, at in self.columns.items()}
            return "merge", column, into
        self.names[column] = other
        self.columns[other] = column
        return action, column, None

    def state(self) -> dict[str, Any]:
        """As plain data."""
        return {"names": self.names, "active": self.active, "columns": self.columns}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Options:
        """From :meth:`state`."""
        options = cls()
        options.names, options.active = list(state["names"]), list(state["active"])
        options.columns = dict(state["columns"])
        return options


def unknown_option(name: object, known: Iterable[str]) -> OptionError:
    """The error for an option that is not there, with the nearest names."""
    import difflib

    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=3)
    shown = ", ".join(repr(n) for n in (near or names[:5]))
    return OptionError(
        f"Unknown option {name!r}.",
        next_step=f"Did you mean {shown}? Or add it as an option first." if names else "Add it as an option first.",
        code="unknown-option",
    )
