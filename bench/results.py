"""Results as JSON lines: what was run, with which settings and versions, on which machine, and what came out.

Invariants: a file is only ever appended to, a line at a time; a half-written last line is skipped when read. A
result's *identity* (scenario, case, learner, seed, settings) says what it is a result of; the version of the code that
learned is one of the settings, so changed code is run again. Not here: running (``run``) and showing
them (``report``).
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.data import ROOT
from quickstudy.errors import TableError

FOLDER = ROOT / "bench" / "results"
PUBLISHED = ROOT / "docs" / "benchmarks" / "results.jsonl"
PACKAGES = ("numpy", "scipy", "scikit-learn", "river", "onnxruntime", "simsimd", "tokenizers")
NOT_LEARNING = ("__main__", "calls", "cli", "adapters", "checks", "serve", "tables", "cells")
"""Parts of quickstudy that cannot change what is learned."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one learner on one case with one seed."""

    scenario: str
    case: str
    learner: str
    seed: int
    settings: Mapping[str, Any]
    measures: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    when: str = ""
    commit: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What this is a result of."""
        return identity(self.scenario, self.case, self.learner, self.seed, self.settings)


def identity(scenario: str, case: str, learner: str, seed: int, settings: Mapping[str, Any]) -> str:
    """Names a run; two runs of one identity should give the same numbers, besides times."""
    return json.dumps([scenario, case, learner, seed, settings], sort_keys=True)


def append_result(path: Path, result: Result) -> None:
    """Adds one line, on disk when it returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
    with path.open("a", encoding="utf-8") as lines:
        lines.write(("\n" if torn else "") + json.dumps(asdict(result), sort_keys=True) + "\n")
        lines.flush()
        os.fsync(lines.fileno())


def read_results(path: Path) -> list[Result]:
    """All results of a file, oldest first; a torn last line is skipped. No file: none.

    Raises:
        TableError: a line in the middle is not a result.
    """
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    results = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            results.append(Result(**json.loads(line)))
        except (ValueError, TypeError) as error:
            if number == len(lines) or _is_torn(line):
                continue
            raise TableError(f"{path}, line {number} is no result: {error}.", next_step="Remove the line.") from error
    return results


def newest_per_run(results: Iterable[Result]) -> list[Result]:
    """For every (scenario, case, learner) the results that have the newest one's settings, one a seed, by seed."""
    ordered = sorted(results, key=lambda result: result.when)
    newest = {(r.scenario, r.case, r.learner): json.dumps(r.settings, sort_keys=True) for r in ordered}
    kept: dict[tuple[str, str, str, int], Result] = {}
    for result in ordered:
        key = (result.scenario, result.case, result.learner)
        if json.dumps(result.settings, sort_keys=True) == newest[key]:
            kept[(*key, result.seed)] = result
    return [kept[key] for key in sorted(kept)]


def stamp() -> dict[str, Any]:
    """Where and with what a run happens: time, commit, machine, versions."""
    return {
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(),
    }


def package_version(package: str) -> str:
    """The version of a learner's package; for quickstudy a digest of the code that learns; "" for a few lines here."""
    if package == "quickstudy":
        return learning_code()
    return importlib.metadata.version(package) if package else ""


@functools.cache
def learning_code() -> str:
    """A digest of quickstudy's source files, without the parts that cannot change what is learned."""
    import quickstudy

    folder = Path(quickstudy.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        place = file.relative_to(folder)
        if place.parts[0] not in NOT_LEARNING:
            digest.update(place.as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@functools.cache
def commit() -> str:
    """The git commit, with "+" where files differ from it; "" outside git."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no", "--", "src", "bench") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def commit_named(name: str) -> str:
    """The beginning of the commit that git knows by a name, as :func:`commit` notes it; "" if there is none."""
    try:
        return _git("rev-parse", "--verify", "--quiet", "--short=12", "--end-of-options", f"{name}^{{commit}}")
    except (OSError, subprocess.CalledProcessError):
        return ""


@functools.cache
def machine() -> dict[str, Any]:
    """The kind of processor, how many, the system: nothing that names the machine."""
    return {"processor": _processor(), "processors": os.cpu_count(), "system": platform.system()}


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that matter, where installed."""
    found = {"python": platform.python_version(), "quickstudy": importlib.metadata.version("quickstudy")}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _is_torn(line: str) -> bool:
    return not line.rstrip().endswith("}")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
