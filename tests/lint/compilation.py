# SPDX-License-Identifier: Apache-2.0
"""How our sources are compiled, as compile_commands.json of a build folder says."""

import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

JOBS = 2


class Unit:
    """One source of ours and the flags that it is compiled with."""

    def __init__(self, source, folder, arguments):
        self.source = source
        self.folder = folder
        self.arguments = arguments

    def flags(self):
        """Include folders, definitions and the standard; neither warnings nor optimisation."""
        kept = []
        arguments = iter(self.arguments)
        for argument in arguments:
            if argument in ("-I", "-isystem", "-D"):
                kept.append(argument + next(arguments))
            elif argument.startswith(("-I", "-isystem", "-D", "-std=")):
                kept.append(argument)
        return kept


def units(root, build):
    """The sources of ours that the build folder compiles, each once; what it generated is left out."""
    root, build = root.resolve(), build.resolve()
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = (Path(entry["directory"]) / entry["file"]).resolve()
        if path.is_relative_to(root) and not path.is_relative_to(build):
            unit = Unit(path.relative_to(root), entry["directory"], shlex.split(entry["command"]))
            found.setdefault(unit.source, unit)
    return [found[source] for source in sorted(found)]


def for_each(items, check):
    """Checks items side by side; the problems in the items' order."""
    with ThreadPoolExecutor(JOBS) as pool:
        return [line for lines in pool.map(check, items) for line in lines]
