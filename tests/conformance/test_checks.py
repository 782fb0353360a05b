#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of what the suite itself stands on: expectations that find wrong answers, and the table."""

import base64
import unittest
from pathlib import Path

import cases
import expectation


def answer(**parts):
    whole = {
        "code": 0, "message": "", "reason": "", "domain": "", "info": {}, "violations": [],
        "metadata": [], "response": "", **parts}
    return expectation.Answer(whole, None)


def problems(found, expected, earlier=None):
    return list(found.problems(expected, earlier or {}))


class Expectations(unittest.TestCase):
    def test_the_right_answer_has_no_problems(self):
        found = answer(
            code=5, reason="GONE", domain="d", message="m", info={"a": "1", "b": "2"},
            metadata=[["x", base64.b64encode(b"v").decode()]])
        expected = {
            "status": "NOT_FOUND d/GONE", "message": "m", "info": {"a": "1"},
            "metadata": {"x": "v"}}
        self.assertEqual(problems(found, expected), [])

    def test_each_wrong_part_is_a_problem(self):
        found = answer(code=5, reason="GONE", domain="d", message="m", info={"a": "1"})
        for wrong in (
                {},
                {"status": "OK"},
                {"status": "NOT_FOUND d/OTHER"},
                {"status": "NOT_FOUND e/GONE"},
                {"status": "ABORTED"},
                {"status": "NOT_FOUND", "message": "n"},
                {"status": "NOT_FOUND", "info": {"a": "2"}},
                {"status": "NOT_FOUND", "info": {"b": "1"}},
                {"status": "NOT_FOUND", "metadata": {"x": "v"}},
                {"status": "NOT_FOUND", "violations": [{"field": "f"}]},
                {"status": "NOT_FOUND", "packed_bytes": 1},
                {"status": "NOT_FOUND", "contains_hex": "01"}):
            self.assertNotEqual(problems(found, wrong), [], wrong)

    def test_an_error_with_a_message_and_an_answer_with_an_error_are_wrong(self):
        packed = base64.b64encode(b"x").decode()
        self.assertNotEqual(problems(answer(code=5, response=packed), {"status": "NOT_FOUND"}), [])
        self.assertNotEqual(problems(answer(message="m"), {}), [])

    def test_operators_refuse_what_does_not_fit(self):
        for expected, right, wrong in (
                ({"$between": [1, 3]}, 3, 4),
                ({"$between": [1, 3]}, "1", "0"),
                ({"$matches": "a+"}, "aa", "ab"),
                ({"$bytes": 2}, b"ab", b"a"),
                ({"$has": {"k": 1}}, [{"k": 2}, {"k": 1}], [{"k": 2}])):
            self.assertEqual(list(expectation.check("it", expected, right)), [])
            self.assertNotEqual(list(expectation.check("it", expected, wrong)), [])
            self.assertNotEqual(list(expectation.check("it", expected, None)), [])

    def test_the_same_answer_is_compared_whole(self):
        first = answer(response=base64.b64encode(b"x").decode())
        same = answer(response=base64.b64encode(b"x").decode())
        other = answer(response=base64.b64encode(b"y").decode())
        self.assertEqual(problems(same, {"same_as": 1}, {1: first}), [])
        self.assertNotEqual(problems(other, {"same_as": 1}, {1: first}), [])


class Table(unittest.TestCase):
    def setUp(self):
        _, self.cases = cases.read_cases(Path(__file__).with_name("cases.json"))

    def test_every_code_has_a_case(self):
        names = {case.name for case in self.cases}
        for code in expectation.CODES:
            self.assertIn(f"status/{code}", names)

    def test_every_call_that_is_started_is_finished(self):
        for case in self.cases:
            started = [step["label"] for step in case.steps if step["act"] == "start"]
            finished = [step["label"] for step in case.steps if step["act"] == "finish"]
            self.assertEqual(sorted(started), sorted(finished), case.name)

    def test_entries_stand_for_many(self):
        self.assertEqual(
            cases.repeat([{"a": "$INDEX", "times": 2}, {"b": 1}]), [{"a": "0"}, {"a": "1"}, {"b": 1}])


if __name__ == "__main__":
    unittest.main()
