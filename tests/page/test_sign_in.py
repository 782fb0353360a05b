#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signing in and out."""

import browser


class SignIn(browser.Case):
    def sign_in(self, token):
        field = self.one("#token")
        field.clear()
        field.send_keys(token)
        self.click("Sign in")

    def test_a_wrong_token_is_refused_in_the_api_s_words(self):
        self.load()
        self.expect_heading("Sign in")
        self.sign_in("wrong")
        message = self.gateway.get(browser.gateway.CUSTOMERS + "/", token="wrong").error["message"]
        self.assertIn(message, self.box("#sign-in .alert"))
        self.assertFalse(self.one("#token").get_attribute("value") == "")
        self.assertFalse(self.all("#nav")[0].is_displayed())

    def test_text_that_is_no_token_is_not_sent(self):
        self.load()
        self.spy()
        self.sign_in("two words")
        self.assertIn("This is no token", self.box("#sign-in .alert"))
        self.assertEqual(self.sent(), [])

    def test_a_good_token_opens_the_contacts_and_is_kept_for_the_tab_only(self):
        self.load()
        token = self.server.tokens["writer"]
        self.sign_in(token)
        self.expect_heading("Contacts")
        kept = self.script(
            "return [{...sessionStorage}, {...localStorage}, document.cookie]")
        self.assertEqual(kept, [{"contacts.token": token}, {}, ""])
        self.driver.refresh()
        self.expect_heading("Contacts")

    def test_an_address_is_shown_after_signing_in(self):
        contact = self.contact(firstName="Ada")
        self.load(f"#/contacts/{contact['id']}")
        self.sign_in(self.server.tokens["writer"])
        self.expect_heading("Ada Lovelace")

    def test_signing_out_forgets_the_token_and_what_was_shown(self):
        self.start("#/contacts")
        self.click("Sign out")
        self.expect_heading("Sign in")
        self.assertEqual(self.script("return sessionStorage.length"), 0)
        self.assertEqual(self.all("#view > *"), [])
        self.assertEqual(self.active().get_attribute("id"), "token")

    def test_a_token_that_has_ended_asks_again_and_keeps_what_was_typed(self):
        contact = self.contact(firstName="Ada")
        self.start(f"#/contacts/{contact['id']}/edit")
        self.type("firstName", "Augusta")
        self.script("sessionStorage.setItem('contacts.token', 'ended')")
        self.click("Save changes")
        self.expect_heading("Sign in")
        message = self.gateway.get(browser.gateway.CUSTOMERS + "/", token="ended").error["message"]
        self.assertIn(message, self.box("#sign-in .alert"))
        self.sign_in(self.server.tokens["writer"])
        self.expect_heading("Edit Ada Lovelace")
        self.assertEqual(self.field("firstName").get_attribute("value"), "Augusta")
        self.click("Save changes")
        self.expect_heading("Augusta Lovelace")

    def test_a_reader_s_change_is_refused_in_the_api_s_words(self):
        contact = self.contact(firstName="Ada")
        self.start(f"#/contacts/{contact['id']}/edit", self.server.tokens["reader"])
        self.type("firstName", "Augusta")
        self.click("Save changes")
        refused = self.gateway.patch(
            f"{browser.gateway.CONTACTS}/{contact['id']}", {"firstName": "Augusta"}, token="reader")
        self.assertEqual(refused.status, 403)
        self.assertIn(refused.error["message"], self.box())


if __name__ == "__main__":
    browser.main()
