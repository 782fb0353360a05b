# SPDX-License-Identifier: Apache-2.0
"""Reads Prometheus' text format, version 0.0.4, and refuses what is not exactly so.

Stricter than Prometheus itself: every sample belongs to the family above it, families have HELP and
TYPE and stand once, counters end in _total, no sample stands twice, and histograms add up.
"""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|NaN")
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
TYPES = ("counter", "gauge", "histogram")
SUFFIXES = ("_bucket", "_sum", "_count")


class Malformed(Exception):
    """What is wrong with a page, with the number of the line."""


class Family:
    """Samples by their labels, which are a frozen set of pairs; those of a histogram by their suffix
    and labels."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.samples = {}

    def value(self, **labels):
        """The value of the sample with exactly these labels, or None."""
        return self.samples.get(("", frozenset(labels.items())))

    def labels(self):
        """The label sets, as dicts."""
        return [dict(labels) for _, labels in self.samples]


def _read_labels(text):
    labels = {}
    while text:
        match = LABEL.match(text)
        if not match or (match[3] == "," and match.end() == len(text)):
            raise Malformed(f"labels at {text!r}")
        if match[1] in labels:
            raise Malformed(f"label {match[1]} twice")
        labels[match[1]] = re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], match[2])
        text = text[match.end():]
    return frozenset(labels.items())


def _read_sample(line, family):
    match = SAMPLE.fullmatch(line)
    if not match or not NUMBER.fullmatch(match[3]):
        raise Malformed(f"no sample: {line!r}")
    if family is None:
        raise Malformed("a sample before the first family")
    suffix = match[1][len(family.name):] if match[1].startswith(family.name) else None
    if suffix not in (SUFFIXES if family.kind == "histogram" else ("",)):
        raise Malformed(f"{match[1]} is no sample of {family.name}")
    value = float(match[3])
    if family.kind != "gauge" and not value >= 0:
        raise Malformed(f"{match[1]} is {value}")
    key = (suffix, _read_labels(match[2] or ""))
    if key in family.samples:
        raise Malformed(f"{match[1]} twice with the same labels")
    family.samples[key] = value


def _begin_family(line, help_name, families):
    match = re.fullmatch(rf"# TYPE ({NAME}) (\w+)", line)
    if not match or match[2] not in TYPES:
        raise Malformed(f"no TYPE: {line!r}")
    if match[1] != help_name:
        raise Malformed(f"TYPE of {match[1]} without its HELP just before")
    if match[1] in families:
        raise Malformed(f"{match[1]} has two families")
    if (match[2] == "counter") != match[1].endswith("_total"):
        raise Malformed(f"{match[1]} is a {match[2]}")
    families[match[1]] = Family(match[1], match[2])
    return families[match[1]]


def _check_histogram(family):
    series = {}
    for (suffix, labels), value in family.samples.items():
        rest = frozenset(pair for pair in labels if pair[0] != "le")
        parts = series.setdefault(rest, {"_bucket": []})
        if suffix == "_bucket":
            bounds = [float(bound) for name, bound in labels if name == "le"]
            if len(bounds) != 1:
                raise Malformed(f"{family.name} has a bucket without a bound")
            parts["_bucket"].append((bounds[0], value))
        else:
            parts[suffix] = value
    for labels, parts in series.items():
        buckets = parts["_bucket"]
        counts = [count for _, count in buckets]
        if buckets != sorted(buckets) or counts != sorted(counts):
            raise Malformed(f"{family.name} {set(labels)} is not cumulative")
        if not buckets or buckets[-1][0] != math.inf:
            raise Malformed(f"{family.name} {set(labels)} has no bucket +Inf")
        if parts.get("_count") != counts[-1] or "_sum" not in parts:
            raise Malformed(f"{family.name} {set(labels)} does not add up")


def read(text):
    """Returns the families by name. Raises Malformed."""
    families, family, help_name = {}, None, None
    if not text.endswith("\n"):
        raise Malformed("the last line has no end")
    for number, line in enumerate(text[:-1].split("\n"), 1):
        try:
            help_match = re.fullmatch(rf"# HELP ({NAME}) (?:[^\\]|\\\\|\\n)+", line)
            if help_name is not None or line.startswith("# TYPE "):
                family, help_name = _begin_family(line, help_name, families), None
            elif line.startswith("# HELP "):
                if not help_match:
                    raise Malformed(f"no HELP: {line!r}")
                help_name = help_match[1]
            elif not line.startswith("# "):
                _read_sample(line, family)
        except Malformed as problem:
            raise Malformed(f"line {number}: {problem}") from None
    if help_name is not None:
        raise Malformed(f"HELP of {help_name} without its TYPE")
    for one in families.values():
        if one.kind == "histogram":
            _check_histogram(one)
    return families
