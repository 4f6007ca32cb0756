"""Runs a documentation page: its files are written, its Python and shell blocks are run, its outputs are compared.

A page is run from top to bottom in one folder and one Python namespace:

- a block with ``title="name"`` is written to the file ``name``;
- ``python`` blocks are run, and in ``docs/howto`` ``bash`` blocks too (those of the README are run by ``.ci/run``);
- a ``text`` block right after a block that was run is its standard output, see :func:`agrees`;
- the comment ``<!-- not run -->`` before a block leaves it out.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"^(?P<skip><!-- not run[^\n]*-->\n+)?^```(?P<language>\w*)(?P<info>[^\n]*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    title: str | None
    body: str
    line: int
    start: int
    end: int
    skipped: bool
    follows: bool


def blocks(text):
    """All fenced blocks of a page, in order."""
    end = -1
    for found in BLOCK.finditer(text):
        title = re.search(r'title="([^"]+)"', found["info"])
        yield Block(
            language=found["language"],
            title=title[1] if title else None,
            body=found["body"],
            line=text.count("\n", 0, found.start("body")) + 1,
            start=found.start("body"),
            end=found.end("body"),
            skipped=bool(found["skip"]),
            follows=end >= 0 and not text[end : found.start()].strip(),
        )
        end = found.end()


def run_page(page, folder):
    """Runs a page in ``folder``, which must be the working directory; gives (block, its real output) pairs."""
    namespace = {"__name__": "__docs__"}
    try:
        return run_blocks(page, folder, namespace)
    finally:
        close(namespace)


def run_blocks(page, folder, namespace):
    """Runs a page's blocks in a namespace."""
    shell = Path(page).parent.name == "howto"
    output, pairs = None, []
    for block in blocks(Path(page).read_text(encoding="utf-8")):
        if block.skipped:
            output = None
        elif block.title:
            (Path(folder) / block.title).write_text(block.body, encoding="utf-8")
            output = None
        elif block.language == "python":
            output = run_python(block, page, namespace)
        elif block.language == "bash" and shell:
            output = run_shell(block, folder)
        elif block.language == "text" and block.follows and output is not None:
            pairs.append((block, output))
            output = None
    return pairs


def run_python(block, page, namespace):
    """Runs one block; its line numbers are those of the page."""
    shown = io.StringIO()
    code = compile("\n" * (block.line - 1) + block.body, str(page), "exec", dont_inherit=True)
    with contextlib.redirect_stdout(shown):
        exec(code, namespace)
    return shown.getvalue()


def run_shell(block, folder):
    """Runs one block with the commands of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.body],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "80", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"line {block.line}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def close(namespace):
    """Closes the learners and journals that a page left open, and ends the programs that it started."""
    for value in list(namespace.values()):
        if isinstance(value, subprocess.Popen):
            value.terminate()
            value.wait(30)
            for stream in (value.stdin, value.stdout, value.stderr):
                if stream is not None:
                    stream.close()
        if hasattr(value, "close") and hasattr(type(value), "__exit__"):
            value.close()


NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+")

TOLERANCE = 0.02
"""How far a number with decimals may be from what the page says: other processors round int8 models differently."""


def agrees(written, real):
    """Whether an output is what the page says, "…" on the page standing for anything."""
    said, shown = strip(written), strip(real)
    pattern = ".*?".join(re.escape(part) for part in NUMBER.sub("0.0", said).split("…"))
    if not re.fullmatch(pattern, NUMBER.sub("0.0", shown), re.DOTALL):
        return False
    if "…" in said:
        return True
    numbers = zip(NUMBER.findall(said), NUMBER.findall(shown), strict=True)
    return all(abs(float(one) - float(other)) <= TOLERANCE for one, other in numbers)


def strip(text):
    """Without spaces at line ends and empty lines around."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def update(page, folder):
    """Writes the real outputs into a page."""
    text = Path(page).read_text(encoding="utf-8")
    for block, output in reversed(run_page(page, folder)):
        if not agrees(block.body, output):
            text = text[: block.start] + strip(output) + "\n" + text[block.end :]
    Path(page).write_text(text, encoding="utf-8")
