# SPDX-License-Identifier: Apache-2.0
"""Reads the table of cases, and makes of each what callers are told.

In requests and frames, anywhere:
  "$KEY"                            a text of this try of the case alone
  {"$text": CHARACTER, "times": N}  long text
  {"$zeros": N}                     so many zero bytes, for bytes fields
  {"$list": VALUE, "times": N}      a list of one value
  {"$nest": FIELD, "times": N}      a message in a message in a message
In lists of calls and answers, {"times": N, ...} stands for N of them, "$INDEX" for its place.
"""

import base64
import json

from google.protobuf import json_format


def replace(value, words):
    """A copy with words replaced; a text that is one word becomes the word's value."""
    if isinstance(value, str):
        if value in words:
            return words[value]
        for word, text in words.items():
            value = value.replace(word, str(text))
        return value
    if isinstance(value, list):
        return [replace(one, words) for one in value]
    if isinstance(value, dict):
        return {key: replace(one, words) for key, one in value.items()}
    return value


def grow(value):
    """Large values from their short forms."""
    if isinstance(value, list):
        return [grow(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "$text" in value:
        return value["$text"] * value["times"]
    if "$zeros" in value:
        return base64.b64encode(bytes(value["$zeros"])).decode()
    if "$list" in value:
        return [value["$list"]] * value["times"]
    if "$nest" in value:
        nested = {}
        for _ in range(value["times"]):
            nested = {value["$nest"]: nested}
        return nested
    return {key: grow(one) for key, one in value.items()}


def repeat(entries):
    """Lists in which an entry stands for many."""
    repeated = []
    for entry in entries:
        entry = dict(entry)
        for _ in range(entry.pop("times", 1)):
            repeated.append(replace(entry, {"$INDEX": str(len(repeated))}))
    return repeated


class Case:
    """One case: a name, the server that it wants, and its steps."""

    def __init__(self, entry):
        self.name = entry["name"]
        self.needs = entry.get("needs")
        self.needs_over = entry.get("needs_over", {})  # by transport
        server = entry.get("server", {})
        self.program = server.get("program", "conformance")
        self.flags = server.get("flags", [])
        self.starts_without_server = server.get("absent", False)
        self.own_server = server.get("own", False) or self.starts_without_server
        self.connect = entry.get("connect", {})
        self.steps = entry["steps"]


def read_cases(path):
    """The features that cases need, and the cases."""
    table = json.loads(path.read_text())
    cases = []
    for entry in table["cases"]:
        for words in entry.get("each", [{}]):
            cases.append(
                Case(replace(entry, {f"${name}": value for name, value in words.items()})))
    names = [case.name for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"cases of one name: {', '.join(sorted(twice))}")
    needed = {case.needs for case in cases}
    needed.update(*(case.needs_over.values() for case in cases))
    unknown = needed - set(table["features"]) - {None}
    if unknown:
        raise ValueError(f"features that the table does not explain: {unknown}")
    return table["features"], cases


class Encoder:
    """Steps as callers take them: with bytes for messages."""

    def __init__(self, protocol):
        self.protocol = protocol

    def message(self, call):
        """The packed request of a call."""
        packed = bytes.fromhex(call.get("request_hex", ""))
        if "nested_hex" in call:
            return self.nest(**call["nested_hex"])
        method = self.protocol.method(call["method"])
        if method is not None and "request_hex" not in call:
            message = self.protocol.message_class(method.input_type)()
            json_format.ParseDict(grow(call.get("request", {})), message)
            packed = message.SerializeToString()
        return packed + bytes.fromhex(call.get("unknown_hex", ""))

    @staticmethod
    def nest(tag, times):
        """A message in a message in a message, as deep as no library would make it."""
        packed = b""
        for _ in range(times):
            size = len(packed)
            length = [size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14]
            packed = bytes.fromhex(tag) + bytes(length) + packed
        return packed

    def metadata(self, pairs):
        return [
            [key, base64.b64encode(
                bytes.fromhex(value["hex"]) if isinstance(value, dict) else value.encode()
            ).decode()]
            for key, value in pairs]

    def call(self, call):
        encoded = {key: call[key] for key in ("method", "timeout_ms", "retry") if key in call}
        encoded["request"] = base64.b64encode(self.message(call)).decode()
        encoded["metadata"] = self.metadata(call.get("metadata", []))
        encoded["raw"] = "request_hex" in call
        return encoded

    def frame_bytes(self, described):
        """A whole frame: put together from calls, or byte for byte."""
        if "hex" in described:
            return bytes.fromhex(described["hex"]) * described.get("times", 1)
        frame = self.protocol.frame.RequestFrame(frame_id=described.get("frame_id", 1))
        for call in repeat(described.get("calls", [])):
            frame.requests.add(method=call["method"], message=self.message(call))
        packed = frame.SerializeToString() + bytes.fromhex(described.get("append_hex", ""))
        if "cut_bytes" in described:
            packed = packed[:-described["cut_bytes"]]
        if "pad_to" in described:
            # A length-delimited field that no frame has, number 100: tag 2 bytes, length 3.
            padding = described["pad_to"] - len(packed) - 5
            packed += b"\xa2\x06" + self.varint3(padding) + bytes(padding)
            assert len(packed) == described["pad_to"]
        return packed

    @staticmethod
    def varint3(value):
        assert 1 << 14 <= value < 1 << 21
        return bytes([value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14])

    def step(self, step):
        """What the caller is told, without what is the run's own business."""
        act = step["act"]
        told = {"act": act}
        if "label" in step:
            told["label"] = step["label"]
        if act in ("call", "start"):
            told.update(self.call(step))
        if act == "frame":
            told["calls"] = [self.call(call) for call in repeat(step["calls"])]
            told["frame_metadata"] = self.metadata(step.get("frame_metadata", []))
        if act == "give_up":
            told["metadata"] = self.metadata(step.get("metadata", []))
        if act == "send":
            told["bytes"] = base64.b64encode(self.frame_bytes(step["frame"])).decode()
        for key in ("frame_id", "max_reply_bytes", "wait_ms"):
            if key in step:
                told[key] = step[key]
        return told
