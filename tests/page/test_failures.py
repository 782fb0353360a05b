#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is shown while contactd or the gateway is away, and that the page goes on afterwards."""

import signal

import browser
from browser import gateway as gw
from browser import wait_for


class Failures(browser.Case):
    # An absent contactd is told of sooner, and its tests are shorter.
    gateway_flags = ("--timeout=500ms",)

    def away(self):
        """Stops contactd until the test ends or back() is called."""
        self.server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.back)

    def back(self):
        self.server.process.send_signal(signal.SIGCONT)

    def expect_passing(self):
        """An error that says when to try again, and how to."""
        box = self.box()
        self.assertRegex(box, r"The service asks to wait \d+ s before that\.")
        self.assertIn("Request ", box)
        return box

    def test_a_list_shows_the_error_and_loads_when_contactd_is_back(self):
        self.start("#/customers")
        self.expect_loaded()
        self.away()
        self.go("#/contacts")
        wait_for(lambda: self.visible(".alert"), "an error")
        self.expect_passing()
        self.back()
        self.contact(firstName="Back")
        self.click("Try again")
        wait_for(lambda: "Back Lovelace" in (self.rows() or ()), "the list")
        self.assertEqual(self.visible(".alert"), [])

    def test_a_form_keeps_what_was_typed_and_a_retry_creates_one(self):
        self.start("#/new-contact")
        self.type("email", "retry@example.org")
        self.away()
        self.click("Create")
        wait_for(lambda: self.visible(".alert"), "an error")
        self.expect_passing()
        self.assertEqual(self.field("email").get_attribute("value"), "retry@example.org")
        self.back()
        self.click("Try again")
        self.expect_notice("was created")
        found = self.call("GET", f"{gw.CONTACTS}/?email=retry@example.org").json
        self.assertEqual(len(found), 1)

    def test_more_of_a_list_can_be_tried_again(self):
        for number in range(51):
            self.contact(lastName=f"Many {number}", dealerCode="NORTH")
        self.start("#/contacts?dealerCode=NORTH")
        self.expect_rows(50)
        self.away()
        self.click("Load more")
        wait_for(lambda: self.visible(".alert"), "an error")
        self.expect_rows(50)
        self.back()
        self.click("Try again")
        wait_for(lambda: len(self.rows()) > 50, "more rows")
        self.assertEqual(self.visible(".alert"), [])


class NoGateway(browser.Case):
    def test_a_gateway_that_is_gone_is_told_and_found_again(self):
        contact = self.contact(firstName="Ada")
        self.start("#/contacts")
        self.assertEqual(self.gateway.stop(), 0)
        self.click("Ada Lovelace")
        self.assertIn("The server does not answer.", wait_for(
            lambda: self.visible(".alert"), "an error")[0].text)
        self.gateway.words = [
            f"--listen=127.0.0.1:{self.gateway.port}" if word.startswith("--listen=") else word
            for word in self.gateway.words]
        self.gateway.start()
        self.click("Try again")
        self.expect_heading("Ada Lovelace")
        self.assertEqual(self.hash(), f"#/contacts/{contact['id']}")


if __name__ == "__main__":
    browser.main()
