"""Labels of any type as option names, and back. Both adapters share it.

Invariant: the same labels in the same order get the same names; different labels get different names; a label that is
text keeps its own name, so a job can learn from the words in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable


class Labels:
    """A two-way map between labels and option names.

    >>> labels = Labels(["cat", 1, "1", ""])
    >>> [labels.name(label) for label in ("cat", 1, "1", "")]
    ['cat', '1', "'1'", "''"]
    >>> labels.label("1")
    1
    """

    def __init__(self, labels: Iterable[Hashable] = ()) -> None:
        self._names: dict[Hashable, str] = {}
        self._labels: dict[str, Hashable] = {}
        for label in labels:
            self.name(label)

    def __contains__(self, label: Hashable) -> bool:
        return label in self._names

    def __len__(self) -> int:
        return len(self._names)

    def name(self, label: Hashable) -> str:
        """The option's name for a label; a new label gets one."""
        known = self._names.get(label)
        if known is not None:
            return known
        for name in (str(label).strip(), repr(label).strip(), f"label {len(self._names)}"):
            if name and len(name) <= 1000 and name not in self._labels and name.isprintable():
                break
        self._names[label] = name
        self._labels[name] = label
        return name

    def label(self, name: str) -> Hashable:
        """The label that has this option's name."""
        return self._labels[name]

    def names(self) -> list[str]:
        """All names, in the order in which they came."""
        return list(self._labels)

    def all(self) -> list[Hashable]:
        """All labels, in the order in which they came."""
        return list(self._names)
