"""Tokens: who may call, at rest. A small TOML file in the jobs folder, readable by its owner only.

A token is 256 random bits, shown once; the file keeps its sha256. A slow password hash would add nothing: nobody
guesses 256 random bits, with or without it, and it would cost every request its time.

Invariants: the file is replaced whole, under a lock; a token that was revoked or has expired opens nothing, at once and
without a restart. Not here: what a role may do (``access``).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import filelock
import tomli_w

from quickstudy.errors import InputError
from quickstudy.serve.audit import note

FILE = ".tokens.toml"
PREFIX = "qs_"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")


class Role(StrEnum):
    """What a caller may do; each includes the ones before it."""

    WORK = "work"
    TEACH = "teach"
    REVIEW = "review"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Its place, from 0."""
        return _RANKS[self]


_RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept.

    Attributes:
        name: who it was given to; in the journal as ``by``.
        role: what it may do.
        hash: the sha256 of the token, hexadecimal.
        jobs: the jobs it may use; None for all.
        made: when, seconds since 1970.
        expires: when it ends; None for never.
    """

    name: str
    role: Role
    hash: str
    jobs: tuple[str, ...] | None = None
    made: float = 0.0
    expires: float | None = None

    def live(self, now: float) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires

    def to_dict(self) -> dict[str, Any]:
        """As plain data for people: without its hash."""
        return {
            "name": self.name,
            "role": self.role.value,
            "jobs": None if self.jobs is None else list(self.jobs),
            "made": self.made,
            "expires": self.expires,
        }


class Tokens:
    """The tokens of a jobs folder. Safe to use from many threads and processes.

    Args:
        folder: the jobs folder.
        clock: gives seconds since 1970.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = folder / FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def all(self) -> tuple[Token, ...]:
        """All tokens, expired ones too; read again when the file has changed.

        Raises:
            InputError: the file is damaged.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return ()
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            if seen != self._seen:
                self._tokens, self._seen = self._read(), seen
            return self._tokens

    def find(self, secret: str) -> Token | None:
        """The token that a caller shows, if it opens anything now; compares in constant time."""
        shown = digest(secret)
        found = None
        for token in self.all():
            if hmac.compare_digest(token.hash, shown):
                found = token
        return found if found is not None and found.live(self._clock()) else None

    def add(
        self,
        name: str,
        role: Role | str,
        *,
        jobs: Sequence[str] | None = None,
        expires: float | None = None,
        by: str = "shell",
    ) -> tuple[str, Token]:
        """Makes a token.

        Args:
            name: who it is for.
            role: what it may do.
            jobs: the jobs it may use; None for all.
            expires: when it ends, seconds since 1970; None for never.
            by: who makes it.

        Returns:
            The secret, which is kept nowhere, and the token.

        Raises:
            InputError: the name is taken or cannot be used, or there is no such role.
        """
        if not NAME.fullmatch(name):
            raise InputError(
                f"A token cannot be called {name[:80]!r}.",
                next_step="Use letters, digits and _ . @ -; at most 64.",
                code="bad-token-name",
            )
        if role not in list(Role):
            raise InputError(f"There is no role {role!r}.", next_step=f"Roles: {', '.join(Role)}.", code="bad-role")
        if jobs is not None and not jobs:
            raise InputError("A token for no job opens nothing.", next_step="Name a job, or leave --job out for all.")
        secret = PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        token = Token(name, Role(role), digest(secret), None if jobs is None else tuple(jobs), now, expires)
        with self._writing() as tokens:
            if any(one.name == name for one in tokens):
                raise InputError(
                    f"There is a token {name!r} already.",
                    next_step="Revoke it first, or take another name.",
                    code="token-exists",
                )
            tokens.append(token)
            note(self.path.parent, by, "token added", name, role=token.role, jobs=jobs, expires=expires)
        return secret, token

    def revoke(self, name: str, *, by: str = "shell") -> Token:
        """Takes a token away; it opens nothing from now on.

        Args:
            name: whose.
            by: who takes it.

        Raises:
            InputError: there is none with this name.
        """
        with self._writing() as tokens:
            found = next((one for one in tokens if one.name == name), None)
            if found is None:
                raise InputError(
                    f"There is no token {name[:80]!r}.",
                    next_step="List them with: quickstudy token list",
                    code="unknown-token",
                )
            tokens.remove(found)
            note(self.path.parent, by, "token revoked", name)
        return found

    # -- inside

    def _writing(self) -> _Change:
        return _Change(self)

    def _read(self) -> tuple[Token, ...]:
        try:
            kept = tomllib.loads(self.path.read_text(encoding="utf-8")).get("token", [])
            return tuple(
                Token(
                    name=str(one["name"]),
                    role=Role(one["role"]),
                    hash=str(one["hash"]),
                    jobs=tuple(one["jobs"]) if "jobs" in one else None,
                    made=float(one.get("made", 0.0)),
                    expires=float(one["expires"]) if "expires" in one else None,
                )
                for one in kept
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"The file of tokens {str(self.path)!r} is damaged: {error}.",
                next_step="Mend it, or delete it and make new tokens: quickstudy token add",
                code="bad-tokens",
            ) from error

    def _write(self, tokens: Sequence[Token]) -> None:
        plain = [{**one.to_dict(), "hash": one.hash} for one in tokens]
        text = tomli_w.dumps({"token": [{k: v for k, v in one.items() if v is not None} for one in plain]})
        partial = self.path.with_name(FILE + ".partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.path)


class _Change:
    """A change of the file under its lock; written if nothing was raised."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._file_lock = filelock.FileLock(str(tokens.path) + ".lock", timeout=10)
        self._list: list[Token] = []

    def __enter__(self) -> list[Token]:
        self._file_lock.acquire()
        try:
            self._list = list(self._tokens._read()) if self._tokens.path.exists() else []
        except BaseException:
            self._file_lock.release()
            raise
        return self._list

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._tokens._write(self._list)
        finally:
            self._file_lock.release()


def digest(secret: str) -> str:
    """The sha256 of a token, hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
