#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries the cases of cases.json on a server, with each of the callers, and prints what came of it.

docs/CONFORMANCE.md says what the cases cover and how to try another server or caller.
"""

import argparse
import fnmatch
import importlib
import json
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from google.protobuf import descriptor_pool, message_factory

import expectation
from cases import Encoder, read_cases, repeat, replace
from servers import ServerError, Servers

HERE = Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "proto"
UNTIL_SECONDS = 30
STEP_SECONDS = 90


class StepFailed(Exception):
    """A case that fails, at a step."""


# --- What protoc makes ----------------------------------------------------------------------------


class Protocol:
    """The compiled .proto files: modules for Python, a descriptor set for everyone else."""

    def __init__(self, protoc, folder):
        self.modules = folder / "modules"
        self.descriptor_set = folder / "types.binpb"
        self.modules.mkdir()
        files = sorted(PROTO.glob("*/v1/*.proto")) + [HERE / "conformance.proto"]
        subprocess.run(
            [protoc, f"-I{HERE}", f"-I{PROTO}", f"--python_out={self.modules}",
             "--include_imports", f"--descriptor_set_out={self.descriptor_set}", *map(str, files)],
            check=True)
        sys.path.insert(0, str(self.modules))
        for path in sorted(self.modules.rglob("*_pb2.py")):
            name = path.relative_to(self.modules).with_suffix("")
            importlib.import_module(".".join(name.parts))
        self.frame = importlib.import_module("nnrpc.v1.frame_pb2")
        self.pool = descriptor_pool.Default()
        self.factory = message_factory.MessageFactory(self.pool)

    def message_class(self, descriptor):
        return self.factory.GetPrototype(descriptor)

    def method(self, name):
        try:
            return self.pool.FindMethodByName(name.replace("/", "."))
        except KeyError:
            return None

    def response_class(self, method_name):
        method = self.method(method_name) if method_name else None
        return None if method is None else self.message_class(method.output_type)


# --- Callers --------------------------------------------------------------------------------------


class Caller:
    """A caller's process: a line of JSON for each step, and one for what came of it."""

    def __init__(self, name, command, protocol):
        words = {"{set}": str(protocol.descriptor_set), "{modules}": str(protocol.modules)}
        self.name = name
        self.command = [words.get(word, word) for word in shlex.split(command)]
        self.process = None
        self.features = self.take({"act": "features"})["features"]

    def take(self, step):
        if self.process is None:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        guard = threading.Timer(STEP_SECONDS, self.process.kill)
        guard.start()
        try:
            self.process.stdin.write(json.dumps(step) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            guard.cancel()
        if not line:
            code = self.process.wait()
            self.process = None
            raise StepFailed(f"the caller ended with {code}")
        result = json.loads(line)
        if "error" in result:
            raise StepFailed(f"the caller says: {result['error']}")
        return result

    def close(self):
        """The exit code: a sanitizer speaks by it."""
        if self.process is None:
            return 1
        self.process.stdin.close()
        return self.process.wait(STEP_SECONDS)


# --- A case ---------------------------------------------------------------------------------------


class Try:
    """One case with one caller."""

    def __init__(self, case, caller, encoder, server, key):
        self.case = case
        self.caller = caller
        self.encoder = encoder
        self.server = server
        self.words = {"$KEY": key}
        self.methods = {}  # of the calls that were started, by label
        self.released = set()  # calls of whose answers the caller's library does not tell
        self.answers = {}  # by step

    def answer(self, answer, method_name):
        return expectation.Answer(answer, self.encoder.protocol.response_class(method_name))

    def problems_of_many(self, step, result):
        answers = result["answers"]
        expected = step["expect"]
        if expected is None or answers is None:
            if expected is not answers:
                yield f"answered by {answers}, expected {expected}"
            return
        expected = repeat(expected)
        if len(answers) != len(expected):
            yield f"{len(answers)} responses, expected {len(expected)}"
            return
        if "sent_frame_id" in result and result["sent_frame_id"] != result["frame_id"]:
            yield f"frame {result['sent_frame_id']} was answered as {result['frame_id']}"
        sent_id = step.get("frame", {}).get("frame_id")
        if sent_id is not None and str(sent_id) != result["frame_id"]:
            yield f"frame {sent_id} was answered as {result['frame_id']}"
        calls = repeat(step.get("calls", step.get("frame", {}).get("calls", [])))
        for index, (answer, wanted) in enumerate(zip(answers, expected)):
            method = calls[index]["method"] if len(calls) == len(answers) else None
            for problem in self.answer(answer, method).problems(wanted, self.answers):
                yield f"call {index}: {problem}"

    def problems_of_one(self, number, step, result):
        method = step.get("method", self.methods.get(step.get("label")))
        self.answers[number] = answer = self.answer(result["answer"], method)
        yield from answer.problems(step.get("expect", {}), self.answers)

    def take_once(self, number, step, told):
        result = self.caller.take(told)
        if step["act"] == "start":
            self.methods[step["label"]] = step["method"]
            return []
        if step["act"] == "give_up":
            self.released |= {step["label"]} if result.get("released") else set()
            return []
        if "answers" in result:
            return list(self.problems_of_many(step, result))
        return list(self.problems_of_one(number, step, result))

    def connect(self):
        self.caller.take({"act": "connect", "url": self.server.url, **self.case.connect})

    def take_step(self, number, step):
        if step["act"] == "connect":
            self.connect()
            return []
        if step["act"] == "server":
            self.server.act(step["do"])
            return []
        if step["act"] == "pause":
            time.sleep(step["ms"] / 1000)
            return []
        if step["act"] == "finish" and step["label"] in self.released:
            return []
        told = self.encoder.step(step)
        end = time.monotonic() + UNTIL_SECONDS
        problems = self.take_once(number, step, told)
        while problems and step.get("until") and time.monotonic() < end:
            time.sleep(0.01)
            problems = self.take_once(number, step, told)
        return problems

    def run(self):
        """What is wrong, or None."""
        number = 0
        try:
            self.connect()
            for number, step in enumerate(replace(self.case.steps, self.words), 1):
                problems = self.take_step(number, step)
                if problems:
                    return f"step {number} ({step['act']}): {'; '.join(problems[:3])}"
        except (StepFailed, ServerError) as error:
            return f"step {number}: {error}"
        return None


# --- The run --------------------------------------------------------------------------------------


class Run:
    def __init__(self, options, protocol):
        self.features, cases = read_cases(HERE / "cases.json")
        self.cases = [case for case in cases if fnmatch.fnmatch(case.name, options.case)]
        self.encoder = Encoder(protocol)
        programs = {}
        if options.server_program:
            programs["conformance"] = [options.server_program, "--listen", "{url}"]
        if options.contactd:
            programs["contactd"] = [
                options.contactd, "--data", "{folder}/data", "--listen", "{url}", "--insecure"]
        self.servers = Servers(programs, options.transport, options.server)
        self.callers = [
            Caller(*caller.split("=", 1), protocol) for caller in options.caller]
        self.failures = []
        self.reasons = {}  # why cases were not run: number by reason
        self.key = f"{time.time_ns():x}"

    def leave_out(self, reason):
        number = self.reasons.setdefault(reason, len(self.reasons) + 1)
        return f"- [{number}]"

    def try_case(self, case, caller):
        """The cell of the table."""
        reason = self.servers.why_not(case)
        for need in (case.needs, case.needs_over.get(self.servers.transport)):
            if reason is None and need is not None and need not in caller.features:
                reason = f"{caller.name}: {self.features[need]}"
        if reason is not None:
            return self.leave_out(reason)
        problem = None
        try:
            server = self.servers.take(case)
            key = f"{self.key}-{self.cases.index(case)}-{self.callers.index(caller)}"
            try:
                problem = Try(case, caller, self.encoder, server, key).run()
            finally:
                self.servers.give_back(case, server)
        except ServerError as error:
            problem = problem or str(error)
        if problem is None:
            return "pass"
        self.failures.append(f"{case.name}, {caller.name}: {problem}")
        return "FAIL"

    def run(self):
        width = max(len(case.name) for case in self.cases) + 2
        print("case".ljust(width) + "".join(caller.name.ljust(10) for caller in self.callers))
        for case in self.cases:
            cells = [self.try_case(case, caller) for caller in self.callers]
            print(case.name.ljust(width) + "".join(cell.ljust(10) for cell in cells), flush=True)
            if self.servers.given_url is None and all(cell.startswith("-") for cell in cells):
                self.failures.append(f"{case.name}: no caller runs it")
        self.close()
        for reason, number in self.reasons.items():
            print(f"[{number}] {reason}")
        for failure in self.failures:
            print(f"FAIL {failure}")
        print(f"{len(self.cases)} cases, {len(self.failures)} failures")
        return 1 if self.failures else 0

    def close(self):
        for caller in self.callers:
            code = caller.close()
            if code != 0:
                self.failures.append(f"{caller.name}: the caller ended with {code}")
        self.failures += self.servers.close()


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protoc", default="protoc")
    parser.add_argument("--server", metavar="URL", help="a server that runs already")
    parser.add_argument("--server-program", metavar="PATH", help="the conformance server")
    parser.add_argument("--contactd", metavar="PATH", help="for the cases of exactly once")
    parser.add_argument("--transport", choices=["ipc", "tcp", "ws"], default="ipc")
    parser.add_argument("--case", metavar="PATTERN", default="*", help="only these: 'status/*'")
    parser.add_argument(
        "--caller", metavar="NAME=COMMAND", action="append", required=True,
        help="{set} and {modules} stand for the descriptor set and protoc's Python modules")
    options = parser.parse_args()
    if (options.server is None) == (options.server_program is None):
        parser.error("one of --server and --server-program is needed")
    return options


def main():
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="conf-") as folder:
        run = Run(options, Protocol(options.protoc, Path(folder)))
        if not run.cases:
            print(f"no case is named {options.case}", file=sys.stderr)
            return 2
        try:
            return run.run()
        finally:
            run.servers.close()


if __name__ == "__main__":
    sys.exit(main())
