# SPDX-License-Identifier: Apache-2.0
"""What all checks share: which files are ours, and how a check ends.

A check is a program with one argument at least, the folder of the project. It prints one line a
problem, "path:line: what is wrong", and exits 1 when there is one.
"""

import os
import sys
from pathlib import Path

# Folders that hold what was built, installed or stored.
FOREIGN = ("node_modules", "__pycache__")
FOREIGN_AT_TOP = ("build", "data")
# Dot folders that are ours.
OURS_AT_TOP = (".ci", ".github")
# What tools write and tests compare with or feed in, as it is.
RECORDED = ("golden", "corpus")


def _is_ours(relative, name):
    at_top = relative == Path(".")
    if name in FOREIGN or (at_top and (name in FOREIGN_AT_TOP or name.startswith("build-"))):
        return False
    return not name.startswith(".") or (at_top and name in OURS_AT_TOP)


def files(root, *suffixes, recorded=False):
    """Our files with one of the suffixes (all without one), relative to root, in order."""
    found = []
    for folder, folders, names in os.walk(root):
        relative = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if _is_ours(relative, name)]
        if not recorded:
            folders[:] = [name for name in folders if name not in RECORDED]
        found += [relative / name for name in names if not suffixes or name.endswith(suffixes)]
    return sorted(found)


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def finish(problems):
    """Prints the problems and ends the process with what that makes of it."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
