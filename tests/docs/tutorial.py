#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does docs/TUTORIAL.md as a reader does it, from a checkout and an empty home.

The page is as page.py has it. With --update it is rewritten with what was printed.
"""

import argparse
import shutil
import sys
from pathlib import Path

from page import run_page
from shell import Shell

PROJECT = Path(__file__).resolve().parent.parent.parent
# What a checkout has and its build needs.
SOURCES = ("CMakeLists.txt", "docs", "examples", "gen", "proto", "rpc", "script")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    shell = Shell({})
    try:
        checkout = shell.home / "checkout"
        checkout.mkdir()
        for name in SOURCES:
            copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
            copy(PROJECT / name, checkout / name)
        shell.run(f"cd {checkout}")
        good = run_page(PROJECT / "docs/TUTORIAL.md", shell, options.update)
    finally:
        shell.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
