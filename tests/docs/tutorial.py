#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does docs/TUTORIAL.md as a reader does it, from a checkout and an empty home.

The page is as page.py has it. With --update it is rewritten with what was printed.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from page import run_page
from shell import Shell

PROJECT = Path(__file__).resolve().parent.parent.parent
# What stands in a checkout but is no source, or has no part in what is built here.
NOT_COPIED = re.compile(r"\..*|build.*|data|node_modules|tests")


def not_copied(folder, names):
    return [name for name in names if Path(folder) == PROJECT and NOT_COPIED.fullmatch(name)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    shell = Shell({})
    try:
        checkout = shell.home / "checkout"
        shutil.copytree(PROJECT, checkout, ignore=not_copied)
        shell.run(f"cd {checkout}")
        good = run_page(PROJECT / "docs/TUTORIAL.md", shell, options.update)
    finally:
        shell.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
