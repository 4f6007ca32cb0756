"""A job: what is to be learned. Immutable; from Python or from a TOML file.

A job's *identity* (what two journals must share to be merged) is its name, its encoder and its feature seed. Options
may differ: they are events. Not here: the table's columns (``cli``) and what was learned (``learner``).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from quickstudy.errors import JobError, OptionError
from quickstudy.rewards import Rewards, RewardTerm, all_rewards, checked_rewards
from quickstudy.types import NEW_OPTION


@dataclass(frozen=True, init=False)
class Job:
    """What is to be learned.

    Args:
        name: the job's name; learners of one job can merge.
        options: the answers to choose from: a list of names, a dict name → description, or None for an open job, in
            which options appear as they are taught.
        instructions: what the job is about, in words.
        target_error: the share of wrong answers the user accepts, in (0, 1). If it is given, the learner answers
            alone as soon as it has earned that; if not, it asks about everything, and counts what it could do at 0.02.
        encoder: the name of the encoder, see :func:`quickstudy.perception.get_encoder`.
        feature_seed: seeds the random features; learners with different seeds cannot merge.
        features: how many random features the ridge expert has; more learn more and cost more.
        experts: the experts' names, see ``quickstudy.experts``.
        rewards: what tasks of many steps are rewarded for: a dict term → weight, or term → ``{"weight": 1.0,
            "saturates": 5.0}``, where more than 5 in one task stops counting. Weights can be changed at any time.

    Raises:
        JobError: a name, target or type that makes no sense.
        OptionError: two options with one name, or an empty name.

    >>> job = Job("route", {"billing": "questions about invoices", "fraud": "stolen cards"})
    >>> job.options["billing"], job.open
    ('questions about invoices', False)
    """

    name: str
    options: Mapping[str, str] = field(hash=False)
    open: bool
    instructions: str
    target_error: float
    autonomy: bool
    encoder: str
    feature_seed: int
    features: int
    experts: tuple[str, ...]
    rewards: Mapping[str, RewardTerm] = field(hash=False)

    def __init__(
        self,
        name: str,
        options: Iterable[str] | Mapping[str, str] | None = None,
        *,
        instructions: str = "",
        target_error: float | None = None,
        encoder: str = "minilm",
        feature_seed: int = 0,
        features: int = 1024,
        experts: Sequence[str] = ("prior", "recall", "recent", "renames", "ridge", "gaussian", "softmax"),
        rewards: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise JobError(f"A job needs a name; got {name!r}.", next_step='For example Job("route").')
        target = 0.02 if target_error is None else target_error
        if isinstance(target, bool) or not isinstance(target, int | float) or not 1e-6 <= target <= 1 - 1e-6:
            raise JobError(
                f"target_error of job {name!r} is {target_error!r}.",
                next_step="Give a share between 0 and 1, like 0.02.",
            )
        if not isinstance(encoder, str) or not encoder:
            raise JobError(f"encoder of job {name!r} is {encoder!r}.", next_step='Give a name, like "minilm".')
        if isinstance(feature_seed, bool) or not isinstance(feature_seed, int) or feature_seed < 0:
            raise JobError(
                f"feature_seed of job {name!r} is {feature_seed!r}.", next_step="Give a whole number from 0."
            )
        if isinstance(features, bool) or not isinstance(features, int) or not 1 <= features <= 16384:
            raise JobError(f"features of job {name!r} is {features!r}.", next_step="Give a number from 1 to 16384.")
        if isinstance(experts, str) or not experts or not all(isinstance(expert, str) for expert in experts):
            raise JobError(
                f"experts of job {name!r} are {experts!r}.", next_step='Give names, like ["prior", "ridge"].'
            )
        if len(set(experts)) < len(experts):
            raise JobError(f"experts of job {name!r} name one twice.", next_step="Name each expert once.")
        if not isinstance(instructions, str):
            raise JobError(f"instructions of job {name!r} are {type(instructions).__name__}.", next_step="Give text.")
        object.__setattr__(self, "name", name.strip())
        object.__setattr__(self, "options", checked_options(options))
        object.__setattr__(self, "open", options is None)
        object.__setattr__(self, "instructions", instructions)
        object.__setattr__(self, "target_error", float(target))
        object.__setattr__(self, "autonomy", target_error is not None)
        object.__setattr__(self, "encoder", encoder)
        object.__setattr__(self, "feature_seed", feature_seed)
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "experts", tuple(experts))
        object.__setattr__(self, "rewards", checked_rewards(name.strip(), rewards))

    @property
    def terms(self) -> Rewards:
        """All reward terms: the declared ones, then ``reward`` and ``outcome``."""
        return all_rewards(self.rewards)

    def to_dict(self) -> dict[str, Any]:
        """The job as plain data; :meth:`from_dict` reads it back."""
        return {
            "name": self.name,
            "instructions": self.instructions,
            **({"target_error": self.target_error} if self.autonomy else {}),
            "encoder": self.encoder,
            "feature_seed": self.feature_seed,
            "features": self.features,
            "experts": list(self.experts),
            **({"rewards": {name: term.to_plain() for name, term in self.rewards.items()}} if self.rewards else {}),
            "open": self.open,
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """A job from plain data, such as a TOML file's content.

        Raises:
            JobError: an unknown or missing key, or a value of a wrong type.
        """
        settings = ("instructions", "target_error", "encoder", "feature_seed", "features", "experts", "rewards")
        known = {"name", "open", "options", *settings}
        unknown = sorted(set(data) - known)
        if unknown:
            raise JobError(
                f"Unknown key {unknown[0]!r} in a job.", next_step=f"Known keys: {', '.join(sorted(known))}."
            )
        if "name" not in data:
            raise JobError("A job has no name.", next_step='Add a line like: name = "route"')
        options = data.get("options")
        is_open = data.get("open", not options)
        if is_open and options:
            raise JobError(
                f"Job {data['name']!r} is open and lists options.", next_step="Remove open = true, or the options."
            )
        rest = {key: data[key] for key in settings if key in data}
        return cls(data["name"], None if is_open else options, **rest)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Job:
        """Reads a job from a TOML file.

        Raises:
            JobError: the file cannot be read, is not TOML, or is not a job; the message names the file.
        """
        file = Path(path)
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise JobError(
                f"Cannot read the job file {str(file)!r}: {error.strerror}.",
                next_step="Make one with: quickstudy init",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise JobError(
                f"{str(file)!r} is not valid TOML: {error}.", next_step="Mend the file and try again."
            ) from error
        try:
            return cls.from_dict(data)
        except JobError as error:
            raise JobError(f"In {str(file)!r}: {error.message}", next_step=error.next_step) from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the job as a TOML file, whole or not at all.

        Raises:
            JobError: the folder does not exist.
        """
        file = Path(path)
        if not file.parent.is_dir():
            raise JobError(f"There is no folder {str(file.parent)!r}.", next_step=f"Make it: mkdir {file.parent}")
        text = tomli_w.dumps({key: value for key, value in self.to_dict().items() if key != "open" or value})
        partial = file.with_name(file.name + ".partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, file)


def checked_options(options: Iterable[str] | Mapping[str, str] | None) -> dict[str, str]:
    """Options as a dict name → description, checked.

    Raises:
        OptionError: an empty or double name, or something that is not text.
    """
    if options is None:
        return {}
    if isinstance(options, str | bytes):
        raise OptionError(
            f"options is the text {options!r}.", next_step="Give a list of names, or a dict name → description."
        )
    pairs = list(options.items()) if isinstance(options, Mapping) else [(name, "") for name in options]
    if not pairs:
        raise OptionError("A closed job has no options.", next_step="Give at least one, or None for an open job.")
    checked: dict[str, str] = {}
    for name, description in pairs:
        clean = checked_option_name(name)
        if clean in checked:
            raise OptionError(f"Two options have the name {clean!r}.", next_step="Give each option a name of its own.")
        if description is not None and not isinstance(description, str):
            raise OptionError(
                f"The description of option {clean!r} is {type(description).__name__}.", next_step="Give text."
            )
        checked[clean] = description or ""
    return checked


def checked_option_name(name: object) -> str:
    """An option's name, checked and stripped.

    Raises:
        OptionError: it is not text, is empty, or is a list or number (one answer of the options only, for now).
    """
    if isinstance(name, list | tuple | set | frozenset):
        raise OptionError(
            f"The answer {name!r} has several labels; one answer for each decision is supported now.",
            next_step="Make one job a label, or join the labels to one name.",
            code="several-labels",
        )
    if isinstance(name, bool | int | float) or not isinstance(name, str):
        raise OptionError(
            f"The answer {name!r} is {type(name).__name__}, not an option's name; numeric answers come later.",
            next_step=f'Give text, like "{name}".',
            code="numeric-answer",
        )
    clean = name.strip()
    if not clean:
        raise OptionError("An option's name is empty.", next_step="Give it a name.")
    if clean == NEW_OPTION:
        raise OptionError(f"{NEW_OPTION!r} stands for options not known yet.", next_step="Use another name.")
    if len(clean) > 1000:
        raise OptionError(
            f"An option's name has {len(clean)} characters: {clean[:40]!r}….",
            next_step="Use at most 1,000; put the rest into its description.",
        )
    try:
        clean.encode("utf-8")
    except UnicodeEncodeError as error:
        raise OptionError(
            f"The option's name {clean!r} is not valid Unicode.", next_step="Mend its encoding."
        ) from error
    return clean
