"""Makes docs/demo.svg from a real run of the demo: python docs/demo_picture.py [arguments of the demo].

The demo runs as it does for a user; its last screen and its closing words are drawn at 80 columns.
"""

import io
import re
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

from rich.console import Console

from quickstudy.cli import console, demo, run, screen

PICTURE = Path(__file__).resolve().parent / "demo.svg"


def recorder():
    return Console(record=True, force_terminal=True, color_system="truecolor", width=80, height=24, file=io.StringIO())


def main(arguments):
    """Runs the demo and draws it; gives the demo's exit code."""
    live, words = recorder(), recorder()
    words.print("$ quickstudy " + " ".join(["demo", *arguments]))
    last = []

    class KeptScreen(screen.Screen):
        def __exit__(self, *error):
            super().__exit__(*error)
            words.print(self.picture())
            last.append(self)

        def __init__(self, *positional, **keywords):
            keywords["console"] = live
            super().__init__(*positional, **keywords)

    screen.Screen = KeptScreen
    console.err = demo.err = lambda: words
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        code = run(["demo", *arguments])
    drawn = words.export_svg(title="quickstudy demo")
    # No fonts from other hosts: any monospace font does.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
