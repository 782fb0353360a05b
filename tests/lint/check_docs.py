#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what the documents name against what is there.

Usage: check_docs.py PROJECT

In every .md file: relative links lead somewhere; a file or folder of ours in `code` exists, under
that path or at its end. What is made by building, and names with a place-holder in capitals or an
"x", are left alone.
"""

import fnmatch
import re
import sys
from pathlib import Path

import tree

LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)")
NAMED = re.compile(r"`((?:[\w.*-]+/)*[\w.*-]+\.(?:c|h|py|cmake|proto|supp|yaml|json)|(?:[\w.-]+/)+)`")
ELSEWHERE = re.compile(r"^(build|data|node_modules)(/|$)|^x\.|[A-Z]{2,}/|/[A-Z]{2,}\.")


def everything(root):
    """Our files and their folders, as texts."""
    paths = tree.files(root, recorded=True)
    folders = {parent for path in paths for parent in path.parents}
    return [str(path) for path in paths] + [str(folder) for folder in folders]


def exists(name, paths):
    name = name.rstrip("/")
    return any(fnmatch.fnmatch(path, name) or fnmatch.fnmatch(path, f"*/{name}") for path in paths)


def check_file(root, document, paths):
    for number, line in enumerate(tree.read(root / document).splitlines(), 1):
        for target in LINK.findall(line):
            if not (root / document.parent / target).exists():
                yield f"{document}:{number}: the link to {target} leads nowhere"
        for name in NAMED.findall(line):
            if not ELSEWHERE.search(name) and not exists(name, paths):
                yield f"{document}:{number}: there is no {name}"


def check_project(root):
    paths = everything(root)
    return [line for document in tree.files(root, ".md") for line in check_file(root, document, paths)]


if __name__ == "__main__":
    tree.finish(check_project(Path(sys.argv[1])))
