# SPDX-License-Identifier: Apache-2.0
"""The description that a gateway gives of itself, as tests use it: its operations, each action by
itself, and whether an answer is one that is described."""

import copy
import re
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from jsonschema import Draft202012Validator, FormatChecker, RefResolver

MESSAGES_SHOWN = 3
FORMATS = FormatChecker(formats=())
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


@FORMATS.checks("date-time")
def is_date_time(value):
    return not isinstance(value, str) or DATE_TIME.fullmatch(value) is not None


@FORMATS.checks("uint64")
def is_uint64(value):
    return not isinstance(value, str) or (value.isdecimal() and int(value) < 2**64)


@FORMATS.checks("int32")
def is_int32(value):
    return not isinstance(value, int) or -(2**31) <= value < 2**31


class Operation:
    """One operation, or one action of several that share a path and verb."""

    def __init__(self, description, verb, path, value):
        self.description, self.verb, self.path, self.value = description, verb.upper(), path, value
        self.name = value["operationId"]
        found = [description.resolve(entry) for entry in value.get("parameters", [])]
        self.parameters = {entry["name"]: entry for entry in found}
        self.responses = {
            status: description.resolve(answer) for status, answer in value["responses"].items()
        }
        successes = [status for status in self.responses if status.startswith("2")]
        self.success = successes[-1]  # what makes something says so by 201
        self.trial_success = successes[0]  # and by 200, when asked whether it would

    def within(self, place):
        """The parameters in the path, the query or the headers."""
        return {name: e for name, e in self.parameters.items() if e["in"] == place}

    @property
    def action(self):
        parameter = self.parameters.get("action")
        return parameter["schema"]["enum"][0] if parameter else None

    @property
    def body_types(self):
        return list(self.value.get("requestBody", {}).get("content", {}))

    @property
    def body_is_required(self):
        return self.value.get("requestBody", {}).get("required", False)

    @property
    def body_properties(self):
        """The fields of the body, each with its schema; what a path forbids is not among them."""
        if not self.body_types:
            return {}
        schema = self.value["requestBody"]["content"]["application/json"]["schema"]
        parts = [self.description.resolve(part) for part in schema.get("allOf", [schema])]
        found = dict(parts[0]["properties"])
        for part in parts[1:]:
            for name in part["properties"]:
                del found[name]
        return found

    def target(self, path, query=()):
        """The request's target; values of the path and pairs of the query are encoded already."""
        pairs = list(query) + ([("action", self.action)] if self.action else [])
        text = "&".join(f"{name}={value}" for name, value in pairs)
        return re.sub(r"\{(.*?)\}", lambda m: path[m[1]], self.path) + ("?" + text if text else "")

    def problems(self, answer):
        """What is wrong with an answer, by the description."""
        described = self.responses.get(str(answer.status))
        if described is None:
            return [f"{answer.status} is not described"]
        content = described.get("content")
        if content is None:
            return [f"there is a body: {answer.body[:100]}"] if answer.body else []
        kind = answer.headers.get("content-type", "").split(";")[0]
        if kind not in content:
            return [f"the content is {kind}"]
        if kind != "application/json":
            return []
        problems = self.description.problems(content[kind]["schema"], answer.json)
        if answer.status >= 400:
            problems += self._error_problems(described, answer)
        else:
            named = {name.lower() for name in described.get("headers", {})} - {"link", "etag"}
            problems += [f"there is no {name}" for name in named - set(answer.headers)]
        return problems

    @staticmethod
    def _error_problems(described, answer):
        reasons = {answer.error["reason"]} | {v["reason"] for v in answer.error["fieldViolations"]}
        known = set(described["x-reasons"])
        problems = [f"{reason} is not described" for reason in sorted(reasons - known)]
        if answer.error["code"] != answer.status:
            problems.append("code and status differ")
        return problems


class Description:
    def __init__(self, document):
        self.document = document
        strict = copy.deepcopy(document)
        _close(strict)
        self._resolver = RefResolver.from_schema(strict)

    def resolve(self, value):
        while "$ref" in value:
            place = self.document
            for key in value["$ref"].removeprefix("#/").split("/"):
                place = place[key]
            value = place
        return value

    def operations(self):
        for path, item in self.document["paths"].items():
            for verb, value in item.items():
                for each in value.get("x-actions", {"": value}).values():
                    yield Operation(self, verb, path, each)

    def problems(self, schema, value):
        """Why a value is not what a schema says; a key that is not described is a problem too."""
        strict = copy.deepcopy(schema)
        _close(strict)
        validator = Draft202012Validator(
            strict, resolver=self._resolver, format_checker=FORMATS)
        errors = list(validator.iter_errors(value))[:MESSAGES_SHOWN]
        return [f"{error.json_path}: {error.message[:300]}" for error in errors]


def _close(value):
    """Makes objects of which the fields are described have no others."""
    if isinstance(value, dict):
        for inside in value.values():
            _close(inside)
        if value.get("type") == "object" and "properties" in value:
            value.setdefault("additionalProperties", False)
    elif isinstance(value, list):
        for inside in value:
            _close(inside)
