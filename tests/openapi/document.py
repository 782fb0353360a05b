# SPDX-License-Identifier: Apache-2.0
"""Descriptions of HTTP interfaces, for the tests here.

Usage of a test: test_NAME.py WRITE_OPENAPI [UNITTEST-OPTION...]
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

WRITE_OPENAPI = sys.argv.pop(1)
VALIDATE = Path(__file__).resolve().parent / "validate.mjs"


def write(name):
    """The text of a description: "contacts" or "described"."""
    return subprocess.run([WRITE_OPENAPI, name], check=True, capture_output=True).stdout


def problems_of(*documents):
    """What the validators say of each document: a list of lists."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(index) for index in range(len(documents))]
        for path, document in zip(paths, documents):
            path.write_text(json.dumps(document), encoding="utf-8")
        done = subprocess.run(["node", VALIDATE, *paths], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def resolve(document, value):
    """What a reference points to, or the value itself."""
    while "$ref" in value:
        place = document
        for key in value["$ref"].removeprefix("#/").split("/"):
            place = place[key]
        value = place
    return value


def parameters(document, operation):
    """The parameters of an operation by their names."""
    found = [resolve(document, entry) for entry in operation.get("parameters", [])]
    return {entry["name"]: entry for entry in found}
