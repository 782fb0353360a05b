# SPDX-License-Identifier: Apache-2.0
"""Whether an answer is what a case expects.

An expectation names only what it is about; each value is the value itself, an object with what it
must contain, or one of:
  {"$between": [LOW, HIGH]}  a number, bounds included
  {"$matches": PATTERN}      text that a regular expression matches whole
  {"$bytes": N}              bytes (or text) of this size
  {"$has": VALUE}            a list with such an element
"""

import base64
import re

from google.protobuf import json_format

CODES = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"]


def shorten(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"


def size_of(value):
    return len(value) if isinstance(value, (bytes, list)) else len(value.encode())


def check_special(place, operator, operand, found):
    if operator == "$between":
        fits = operand[0] <= int(found) <= operand[1]
    elif operator == "$matches":
        fits = re.fullmatch(operand, found) is not None
    elif operator == "$bytes":
        fits = size_of(found) == operand
    elif operator == "$has":
        fits = any(not list(check(place, operand, one)) for one in found)
    else:
        raise ValueError(f"{operator} is none")
    if not fits:
        yield f"{place}: {shorten(found)}, expected {operator} {shorten(operand)}"


def check(place, expected, found):
    """What is wrong, a sentence each."""
    if isinstance(expected, dict) and len(expected) == 1 and next(iter(expected)).startswith("$"):
        if found is None:
            yield f"{place}: is missing"
            return
        yield from check_special(place, *next(iter(expected.items())), found)
    elif isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            yield from check(f"{place}.{key}", value, found.get(key))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, value in enumerate(expected):
            yield from check(f"{place}[{index}]", value, found[index])
    elif expected != found:
        yield f"{place}: {shorten(found)}, expected {shorten(expected)}"


def decode_bytes(message, fields):
    """Bytes fields as bytes: JSON has them as base64."""
    for descriptor, value in message.ListFields():
        if descriptor.type == descriptor.TYPE_BYTES and descriptor.label != 3:
            fields[descriptor.json_name] = value
    return fields


class Answer:
    """What came back for one call, as the expectations see it."""

    def __init__(self, answer, response_class):
        self.packed = base64.b64decode(answer["response"])
        code = answer["code"]
        self.status = CODES[code] if 0 <= code < len(CODES) else str(code)
        self.reason = f"{answer['domain']}/{answer['reason']}" if answer["reason"] else ""
        self.view = {
            "status": f"{self.status} {self.reason}".strip(),
            "message": answer["message"],
            "info": answer["info"],
            "violations": answer["violations"],
            "metadata": {key: self.text(value) for key, value in answer["metadata"]},
            "packed_bytes": len(self.packed),
        }
        if response_class is not None and code == 0:
            response = response_class.FromString(self.packed)
            fields = json_format.MessageToDict(response, including_default_value_fields=True)
            self.view["response"] = decode_bytes(response, fields)

    @staticmethod
    def text(value):
        """Metadata as text where it is, else in hexadecimal."""
        value = base64.b64decode(value)
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return f"0x{value.hex()}"
        return text if text.isprintable() else f"0x{value.hex()}"

    def always_wrong(self):
        """What holds for every answer, whatever the case is about."""
        if self.status == "OK" and (self.view["message"] or self.reason or self.view["info"]):
            yield f"OK with an error's details: {shorten(self.view)}"
        if self.status != "OK" and self.packed:
            yield "an error with a response message"

    def problems(self, expected, earlier):
        expected = {"status": "OK", **expected}
        contains = bytes.fromhex(expected.pop("contains_hex", ""))
        same_as = expected.pop("same_as", None)
        # A code alone leaves the reason open.
        found = dict(self.view)
        if " " not in expected["status"]:
            found["status"] = self.status
        yield from self.always_wrong()
        yield from check("answer", expected, found)
        if contains not in self.packed:
            yield f"the response does not have {contains.hex()}"
        if same_as is not None and self.same_part() != earlier[same_as].same_part():
            yield f"the answer differs from that of step {same_as}"

    def same_part(self):
        return self.view["status"], self.packed, self.view["metadata"]
