#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests a second over HTTP: contact-gateway beside Fastify on lmdb-js, and beside its limits.

All sides stand ready with the same contacts; in each round each of them is measured in turn, so that
a machine that gets slower or faster meanwhile does so for all. The limits are of the same run: the
gateway's empty answer (/healthz), and for creates also how often the disk can sync, times the
connections, since one sync can serve all that wait.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import contacts
import report
from sides import HERE, Ours, Peer

KINDS = ("healthz", "get", "list", "create")
SYNC_SECONDS = 0.3
PROJECT = HERE.parent.parent


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="script/bench http", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default: 5)")
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement (default: 3)")
    parser.add_argument(
        "--contacts", type=int, default=100000, help="in the stores (default: 100000)")
    parser.add_argument("--connections", default="1,8,64", help="default: 1,8,64")
    parser.add_argument(
        "--peer", default="1,2", metavar="PROCESSES",
        help='Fastify in so many processes; "none" leaves it out (default: 1,2)')
    parser.add_argument("--build", type=Path, default=PROJECT / "build/release")
    parser.add_argument("--folder", type=Path, default=PROJECT / "build/bench",
                        help="where the stores are meanwhile: on a disk, not in memory")
    parser.add_argument("--json", type=Path, help="default: http.json in the folder")
    options = parser.parse_args()
    options.connections = [int(word) for word in options.connections.split(",")]
    options.peer = [int(word) for word in options.peer.split(",")] if options.peer != "none" else []
    if options.contacts < 100 or options.contacts % 100 != 0:
        parser.error("--contacts takes hundreds")
    return options


def check_same(sides):
    """What is compared answers alike: a create, then reading it back, and a list."""
    body = contacts.contact(1)
    for side in sides:
        path = f"/backend/api/v1/customers/{contacts.customer_id(0)}/customerContacts/"
        status, created = side.call("POST", path, body)
        if status != 201:
            side.fail(f"a create was answered {status}: {created}")
        status, found = side.call("GET", f"/backend/api/v1/customerContacts/{created['id']}")
        kept = {name: found.get(name) for name in body} if status == 200 else found
        if kept != body:
            side.fail(f"a contact came back as {status}: {kept}")
        status, listed = side.call("GET", "/backend/api/v1/customerContacts/?pageSize=50&idAfter=7")
        if status != 200 or [int(entry["id"]) for entry in listed] != list(range(8, 58)):
            side.fail(f"a list was answered {status}: {listed}")


class Load:
    """Runs wrk. Numbers of created contacts go up over the whole run."""

    def __init__(self, options, folder):
        self.contacts = options.contacts
        self.template = folder / "template.json"
        self.template.write_text(json.dumps(contacts.contact(99999999)), encoding="utf-8")
        self.first = options.contacts

    def run(self, side, kind, connections, seconds):
        words = [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
            "-s", str(HERE / "load.lua"), side.url, "--", kind, side.token, str(self.contacts),
            str(self.first), str(self.template)]
        self.first = (self.first + 1000000) % 90000000
        cpu_us = side.cpu_us()
        output = subprocess.run(words, capture_output=True, text=True, check=False)
        cpu_us = side.cpu_us() - cpu_us
        lines = [line for line in output.stdout.splitlines() if line.startswith("result ")]
        if output.returncode != 0 or not lines:
            side.fail(f"wrk failed: {output.stdout}{output.stderr}")
        result = json.loads(lines[0].partition(" ")[2])
        if result["refused"] or result["broken"] or not result["requests"]:
            side.fail(f"{kind} with {connections} connections: {result}")
        result["per_second"] = result["requests"] * 1e6 / result["duration_us"]
        result["cpu_us"] = cpu_us / result["requests"]
        return result


def measure_syncs(folder):
    """How often a second a block that is there already can be written and synced."""
    with open(folder / "sync", "wb", buffering=0) as file:
        file.write(bytes(1 << 20))
        os.fsync(file.fileno())
        count = 0
        begin = time.monotonic()
        while time.monotonic() - begin < SYNC_SECONDS:
            os.pwrite(file.fileno(), bytes(4096), count % 256 * 4096)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.monotonic() - begin)


def measure(options, sides, folder):
    """Returns the samples by side, kind and connections, and those of the disk."""
    load = Load(options, folder)
    samples, syncs = {}, []
    for round_number in range(options.rounds + 1):
        is_warm_up = round_number == 0
        title = "warming up" if is_warm_up else f"round {round_number} of {options.rounds}"
        print(title, file=sys.stderr, flush=True)
        if not is_warm_up:
            syncs.append(measure_syncs(folder))
        for connections in options.connections:
            for kind in KINDS:
                for side in sides:
                    result = load.run(side, kind, connections, 1 if is_warm_up else options.seconds)
                    if not is_warm_up:
                        key = (side.name, kind, connections)
                        samples.setdefault(key, []).append(result)
    return samples, syncs


def describe_machine():
    def first_line(*words):
        try:
            found = subprocess.run(words, capture_output=True, text=True, check=False)
            return (found.stdout + found.stderr).splitlines()[0].strip()
        except (OSError, IndexError):
            return ""
    revision = first_line("git", "-C", str(PROJECT), "describe", "--always", "--dirty")
    models = [line.partition(":")[2].strip() for line in
              Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
              if line.startswith("model name")]
    return {
        "processors": os.cpu_count(), "model": models[0] if models else platform.machine(),
        "kernel": platform.release(), "node": first_line("node", "--version"),
        "wrk": first_line("wrk", "--version").partition(" [")[0], "revision": revision,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def collect(options, sides, samples, syncs):
    """Everything, for the JSON file and the report."""
    cells = [
        {"side": side, "kind": kind, "connections": connections,
         "per_second": statistics.median(one["per_second"] for one in results),
         "cpu_us": statistics.median(one["cpu_us"] for one in results), "samples": results}
        for (side, kind, connections), results in samples.items()]
    return {
        "machine": describe_machine(), "contacts": options.contacts, "rounds": options.rounds,
        "seconds": options.seconds, "connections": options.connections,
        "sides": [{"name": side.name, "title": side.title} for side in sides],
        "syncs_per_second": statistics.median(syncs), "cells": cells,
    }


def main():
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="http-", dir=options.folder))
    lines = folder / "contacts.ndjson"
    sides = []
    try:
        with open(lines, "w", encoding="utf-8") as file:
            for line in contacts.import_lines(options.contacts):
                file.write(line + "\n")
        for make in [lambda: Ours(folder, options.build)] + [
                lambda workers=workers: Peer(folder, workers) for workers in options.peer]:
            sides.append(make())
            print(f"filling {sides[-1].title}", file=sys.stderr, flush=True)
            sides[-1].start(lines)
        check_same(sides)
        result = collect(options, sides, *measure(options, sides, folder))
    finally:
        for side in sides:
            side.stop()
        shutil.rmtree(folder)
    path = options.json or options.folder / "http.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(report.text(result))
    print(f"\nAll samples: {os.path.relpath(path)}")


if __name__ == "__main__":
    main()
