#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything with the keyboard alone, and where the focus is meanwhile."""

from selenium.webdriver.common.action_chains import ActionChains

import browser
from browser import gateway as gw
from browser import wait_for

STEPS_MOST = 80


class Keyboard(browser.Case):
    def press(self, *keys):
        """Presses keys, as somebody who has nothing but a keyboard."""
        for key in keys:
            ActionChains(self.driver).send_keys(getattr(browser.Keys, key, key)).perform()

    def label(self):
        """What a screen reader calls the element that has the focus."""
        return self.script("""
            const at = document.activeElement;
            const label = at.labels?.[0]?.innerText ?? at.getAttribute('aria-label');
            return label || at.innerText;
        """).strip()

    def tab_to(self, label):
        for _ in range(STEPS_MOST):
            if self.label() == label:
                return
            self.press("TAB")
        raise AssertionError(f"no way to {label!r} with the Tab key; at last {self.label()!r}")

    def test_a_person_signs_in_creates_finds_and_deletes_without_a_mouse(self):
        self.load()
        self.expect_heading("Sign in")
        self.press(self.server.tokens["writer"], "ENTER")
        self.expect_heading("Contacts")
        self.tab_to("New contact")
        self.press("ENTER")
        self.expect_heading("New contact")
        self.tab_to("Last name")
        self.press("Keys")
        self.tab_to("E-mail")
        self.press("keys@example.org")
        self.tab_to("Orders")
        self.press(" ")
        self.press("ENTER")
        self.expect_heading("Keys")
        [contact] = self.call("GET", f"{gw.CONTACTS}/?email=keys@example.org").json
        self.assertEqual(contact["contactRegarding"], ["Orders"])
        self.press("/")
        wait_for(lambda: self.label() == "E-mail", "the search")
        self.press("keys@example.org", "ENTER")
        self.expect_rows(1)
        self.tab_to("Keys")
        self.press("ENTER")
        self.expect_heading("Keys")
        self.tab_to("Delete")
        self.press("ENTER")
        wait_for(lambda: self.label() == "Cancel", "the dialog")
        self.tab_to("Delete contact")
        self.press("ENTER")
        self.expect_notice("Keys was deleted.")
        self.call("GET", f"{gw.CONTACTS}/{contact['id']}", status=404)

    def test_the_first_stop_skips_to_the_content(self):
        self.start("#/contacts")
        self.press("TAB")
        self.assertEqual(self.label(), "Skip to content")
        self.assertTrue(self.active().is_displayed())
        self.press("ENTER", "TAB")
        self.assertEqual(self.label(), "New contact")

    def test_the_focus_goes_to_the_heading_of_a_new_view(self):
        contact = self.contact(firstName="Ada")
        self.start("#/contacts")
        self.go(f"#/contacts/{contact['id']}")
        self.expect_heading("Ada Lovelace")
        self.assertEqual(self.active().tag_name, "h1")
        self.assertEqual(self.driver.title, "Ada Lovelace – Contacts")

    def test_what_has_the_focus_is_in_sight(self):
        self.start("#/new-contact")
        self.resize(1280, 500)
        self.one("h1").click()
        for _ in range(30):
            self.press("TAB")
            inside = self.script("""
                const at = document.activeElement.getBoundingClientRect();
                const foot = document.querySelector('.form-foot');
                const most = foot.contains(document.activeElement)
                    ? innerHeight : foot.getBoundingClientRect().top;
                return at.top >= 0 && at.bottom <= most + 1;
            """)
            self.assertTrue(inside, self.label())


if __name__ == "__main__":
    browser.main()
