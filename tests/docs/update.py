"""``python tests/docs/update.py PAGE...``: writes the real outputs into documentation pages."""

import sys
import tempfile
from contextlib import chdir
from pathlib import Path

from page_runner import update

if __name__ == "__main__":
    for page in [Path(word).resolve() for word in sys.argv[1:]]:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            update(page, folder)
        print(page.name)
