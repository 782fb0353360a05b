#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every #include against the table of rooms below.

Usage: check_includes.py PROJECT

A room is a top folder. It may include its own headers, what the table gives it of the other rooms,
generated headers of the given packages, the C library, and foreign libraries in the given files.
"""

import fnmatch
import os
import re
import sys
from pathlib import Path

import tree

PUBLIC_RPC = "rpc/include/*"

# Room: the files of other rooms, and the generated packages, that it may include.
ROOMS = {
    "gen": {"files": [], "generated": ["google", "nnrpc"]},
    "rpc": {"files": [], "generated": ["google", "nnrpc"]},
    "daemon": {"files": [PUBLIC_RPC], "generated": []},
    "server": {"files": [PUBLIC_RPC, "daemon/*"], "generated": ["google", "nnrpc", "contacts"]},
    "cli": {"files": [PUBLIC_RPC], "generated": ["google", "nnrpc"]},
    "client": {"files": [PUBLIC_RPC, "cli/*"], "generated": ["google", "nnrpc", "contacts"]},
    "gateway": {"files": [PUBLIC_RPC, "daemon/*"], "generated": ["google", "nnrpc", "contacts"]},
}

# Rooms that try the others out and so may include anything.
FREE_ROOMS = ("tests", "bench", "examples")

# Foreign library: the only files that may include it, and how many of them at the most do.
LIBRARIES = {
    "protobuf-c/*": {"files": ["*"]},
    "google/protobuf/*": {"files": ["*"]},
    "lmdb.h": {"files": ["server/store/*"]},
    "nanomsg/*": {"files": ["rpc/transport_nn.c"], "most": 1},
    "jansson.h": {"files": ["rpc/json*.c"], "most": 1},
    "sodium.h": {"files": ["rpc/crypto.c"], "most": 1},
    "microhttpd.h": {"files": ["gateway/http/http_server.c"], "most": 1},
    "gnutls/*": {"files": ["gateway/http/tls.c"], "most": 1},
}

# Headers that have a door: from outside of the folder, only the door.
DOORS = {"server/store/*": "server/store/store.h"}

# Where a quoted name is looked for, after the including file's own folder.
INCLUDE_FOLDERS = ["rpc/include", "rpc", "server", "client", "cli", "gateway", "gen", "."]

C_LIBRARY = re.compile(
    r"(aio|argp|assert|byteswap|complex|cpuid|ctype|dirent|dlfcn|endian|err|errno|execinfo|fcntl|"
    r"features|fenv|float|fnmatch|ftw|getopt|glob|grp|ifaddrs|immintrin|inttypes|iso646|langinfo|"
    r"libgen|limits|locale|malloc|math|memory|netdb|nl_types|poll|pthread|pwd|regex|sched|search|"
    r"semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|"
    r"stdio_ext|stdlib|stdnoreturn|string|strings|syslog|termios|tgmath|threads|time|uchar|ucontext|"
    r"unistd|utime|wchar|wctype|wordexp)\.h|(arpa|asm|linux|net|netinet|sanitizer|sys)/.*"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
GENERATED = re.compile(r"\.(pb-c|nnrpc)\.h$")


def matches(path, patterns):
    return any(fnmatch.fnmatch(str(path), pattern) for pattern in patterns)


def resolve(root, source, name):
    """The file of ours that a name means, or None."""
    for folder in [source.parent] + [Path(folder) for folder in INCLUDE_FOLDERS]:
        if (root / folder / name).is_file():
            return Path(os.path.normpath(folder / name))
    return None


def check_own(source, target):
    room = source.parts[0]
    for inside, door in DOORS.items():
        if matches(target, [inside]) and not matches(source, [inside]) and str(target) != door:
            return f"{target} is private to its folder; include {door}"
    if target.parts[0] != room and not matches(target, ROOMS[room]["files"]):
        return f"{room}/ may not include {target}"
    return None


def check_foreign(source, name):
    room = source.parts[0]
    if GENERATED.search(name):
        package = name.split("/")[0]
        allowed = ROOMS[room]["generated"]
        return None if package in allowed else f"{room}/ may not include what is made of {package}/"
    for library, rule in LIBRARIES.items():
        if matches(name, [library]):
            where = " or ".join(rule["files"])
            return None if matches(source, rule["files"]) else f"<{name}> belongs in {where} only"
    if not C_LIBRARY.fullmatch(name):
        return f"<{name}> is a library that the table does not know"
    return None


def read_includes(root, source):
    for number, line in enumerate(tree.read(root / source).splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found[1], found[2]


def check_file(root, source, users):
    for number, bracket, name in read_includes(root, source):
        for library, rule in LIBRARIES.items():
            if "most" in rule and matches(name, [library]):
                users.setdefault(library, set()).add(str(source))
        target = resolve(root, source, name) if bracket == '"' else None
        problem = check_own(source, target) if target else check_foreign(source, name)
        if problem:
            yield f"{source}:{number}: {problem}"


def check_project(root):
    problems = []
    users = {}
    for source in tree.files(root, ".c", ".h"):
        room = source.parts[0]
        if room in ROOMS:
            problems += check_file(root, source, users)
        elif room not in FREE_ROOMS:
            problems.append(f"{source}:1: the table has no rules for {room}/")
    for library, sources in users.items():
        most = LIBRARIES[library]["most"]
        if len(sources) > most:
            names = ", ".join(sorted(sources))
            problems.append(f"{min(sources)}:1: {library} stands in {len(sources)} files: {names}")
    return problems


if __name__ == "__main__":
    tree.finish(check_project(Path(sys.argv[1])))
