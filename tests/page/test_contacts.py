#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Contacts: created, opened, edited, converted, linked, unlinked and deleted."""

from selenium.webdriver.common.action_chains import ActionChains

import browser
from browser import wait_for
from browser import gateway as gw


class Contacts(browser.Case):
    def stored(self, contact):
        return self.call("GET", f"{gw.CONTACTS}/{contact['id']}").json

    def listed(self, **filters):
        query = "&".join(f"{key}={value}" for key, value in filters.items())
        return self.call("GET", f"{gw.CONTACTS}/?pageSize=1000&{query}").json

    def test_a_contact_is_created_and_shown(self):
        self.start("#/new-contact")
        self.choose("contactType", "Billing")
        self.choose("title", "Mrs")
        self.type("firstName", "Grace")
        self.type("lastName", "Hopper")
        self.type("email", " grace@example.org ")
        self.type("number1", "020 7946 0018")
        self.choose("number1type", "Office")
        self.choose("country", "United Kingdom (GB)")
        self.click("Faults", "#view label")
        self.click("Create")
        self.expect_heading("Mrs Grace Hopper")
        self.expect_notice("Mrs Grace Hopper was created.")
        [contact] = self.listed(email="grace@example.org")
        self.assertEqual(self.hash(), f"#/contacts/{contact['id']}")
        self.assertEqual(
            (contact["customerID"], contact["contactType"], contact["country"],
             contact["number1type"], contact["contactRegarding"]),
            (None, "Billing", "GB", "Office", ["Faults"]))
        self.expect("Shared")
        self.expect("United Kingdom (GB)")

    def test_errors_stand_beside_their_fields_and_above(self):
        self.start("#/new-contact")
        self.type("email", "no address")
        self.type("website", "w" * 2100)
        self.click("Create")
        box = self.box()
        answer = self.gateway.post(
            gw.CONTACTS + "/", {"email": "no address", "website": "w" * 2100})
        violations = answer.error["fieldViolations"]
        self.assertEqual({each["field"] for each in violations}, {"email", "website"})
        self.assertIn(answer.error["message"], box)
        for each in violations:
            self.assertEqual(self.error_of(each["field"]), each["description"])
            self.assertEqual(self.field(each["field"]).get_attribute("aria-invalid"), "true")
            self.assertIn(each["description"], box)
        self.assertEqual(self.active().get_attribute("role"), "alert")
        self.named("Website", ".alert button").click()
        self.assertEqual(self.active().get_attribute("data-field"), "website")
        self.assertEqual(self.field("email").get_attribute("value"), "no address")

    def test_a_double_click_creates_one(self):
        self.start("#/new-contact")
        self.type("email", "twice@example.org")
        self.spy()
        ActionChains(self.driver).double_click(self.named("Create")).perform()
        self.expect_notice("was created")
        self.assertEqual(len(self.listed(email="twice@example.org")), 1)
        self.assertEqual(len(self.sent("POST")), 1)

    def test_the_same_form_again_has_the_same_key_and_another_one_has_another(self):
        self.start("#/new-contact")
        self.type("email", "wrong")
        self.spy()
        for _ in range(2):
            self.driver.execute_script("document.querySelector('.alert')?.remove()")
            self.click("Create")
            self.one(".alert")
        self.type("email", "right@example.org")
        self.click("Create")
        self.expect_notice("was created")
        keys = [each["headers"]["idempotency-key"] for each in self.sent("POST")]
        self.assertEqual(len(keys), 3)
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[1], keys[2])

    def test_a_direct_contact_is_created_for_its_customer(self):
        customer = self.customer(name="Direct Ltd")
        self.start(f"#/customers/{customer['id']}")
        self.click("New contact")
        self.expect_heading("New contact")
        self.assertEqual(self.field("customerID").get_attribute("value"), customer["id"])
        self.type("lastName", "Curie")
        self.click("Create")
        self.expect_heading("Curie")
        self.expect("Direct")
        self.click("Direct Ltd")
        self.expect_heading("Direct Ltd")
        self.expect_rows(1)

    def test_a_customer_that_is_not_there_is_told_beside_its_field(self):
        self.start("#/new-contact?customer=nobody")
        self.type("lastName", "Curie")
        self.click("Create")
        answer = self.gateway.post(f"{gw.CUSTOMERS}/nobody/customerContacts/", {"lastName": "C"})
        self.assertIn(answer.error["message"], self.box())
        self.assertEqual(self.error_of("customerID"), answer.error["message"])

    def test_an_edit_sends_what_was_changed_with_its_precondition(self):
        contact = self.contact(
            firstName="Ada", email="ada@example.org", contactRegarding=["Orders", "Billing"])
        self.start(f"#/contacts/{contact['id']}")
        self.click("Edit")
        self.expect_heading("Edit Ada Lovelace")
        self.type("firstName", "Augusta")
        self.type("email", "")
        for _ in range(2):
            self.click("Orders", "#view label")
        self.spy()
        self.click("Save changes")
        self.expect_heading("Augusta Lovelace")
        self.expect_notice("Augusta Lovelace was saved.")
        [patch] = self.sent("PATCH")
        self.assertEqual(patch["body"], '{"firstName":"Augusta","email":""}')
        self.assertEqual(patch["headers"]["if-match"], f'"{contact["etag"]}"')
        stored = self.stored(contact)
        self.assertEqual((stored["firstName"], stored["email"], stored["contactRegarding"]),
                         ("Augusta", "", ["Orders", "Billing"]))

    def test_saving_without_a_change_sends_nothing(self):
        contact = self.contact(firstName="Ada")
        self.start(f"#/contacts/{contact['id']}/edit")
        self.spy()
        self.click("Save changes")
        self.expect_notice("Nothing was changed.")
        self.assertEqual(self.sent("PATCH"), [])

    def test_somebody_else_s_change_is_told_and_what_was_typed_is_kept(self):
        contact = self.contact(firstName="Ada", email="ada@example.org", companyName="Old Ltd")
        self.start(f"#/contacts/{contact['id']}/edit")
        self.type("firstName", "Augusta")
        self.type("companyName", "Mine Ltd")
        self.call("PATCH", f"{gw.CONTACTS}/{contact['id']}",
                  {"email": "new@example.org", "companyName": "Theirs Ltd"})
        self.click("Save changes")
        self.assertIn("Somebody else changed this", self.box())
        self.assertEqual(self.stored(contact)["companyName"], "Theirs Ltd")
        self.click("Load the new state, keep what I typed")
        self.expect_notice("look at the fields that both changed")
        self.assertEqual(self.field("firstName").get_attribute("value"), "Augusta")
        self.assertEqual(self.field("companyName").get_attribute("value"), "Mine Ltd")
        self.assertEqual(self.field("email").get_attribute("value"), "new@example.org")
        self.expect("Changed meanwhile to: Theirs Ltd", ".note")
        self.spy()
        self.click("Save changes")
        self.expect_heading("Augusta Lovelace")
        self.assertEqual(
            [each["body"] for each in self.sent("PATCH")],
            ['{"firstName":"Augusta","companyName":"Mine Ltd"}'])
        self.assertEqual(self.stored(contact)["email"], "new@example.org")

    def test_a_retired_value_stays_choosable_where_it_is_stored_only(self):
        self.server.ctl("preset", "put", "dealerCode", "OLD")
        contact = self.contact(dealerCode="OLD")
        self.server.ctl("preset", "retire", "dealerCode", "OLD")
        self.start(f"#/contacts/{contact['id']}/edit")
        self.assertIn("OLD (retired)", self.options("dealerCode"))
        self.type("firstName", "Kept")
        self.click("Save changes")
        self.expect_notice("was saved")
        self.assertEqual(self.stored(contact)["dealerCode"], "OLD")
        self.go("#/new-contact")
        self.assertNotIn("OLD (retired)", self.options("dealerCode"))

    def test_leaving_a_form_asks_before_what_was_typed_is_lost(self):
        contact = self.contact(firstName="Ada")
        edit = f"#/contacts/{contact['id']}/edit"
        self.start(f"#/contacts/{contact['id']}")
        self.click("Edit")
        self.expect_heading("Edit Ada Lovelace")
        self.type("firstName", "Augusta")
        self.driver.back()
        self.click("Stay here")
        wait_for(lambda: self.hash() == edit, "the form's address")
        self.assertEqual(self.field("firstName").get_attribute("value"), "Augusta")
        self.click("Customers")
        self.click("Discard it")
        self.expect_heading("Customers")
        self.assertEqual(self.stored(contact)["firstName"], "Ada")

    def test_a_password_is_set_verified_and_removed_and_never_shown(self):
        contact = self.contact(firstName="Ada")
        self.start(f"#/contacts/{contact['id']}/edit")
        self.type("accountPassword", "analytical")
        self.click("Save changes")
        self.expect("What the caller says")
        self.assertNotIn("analytical", self.driver.page_source)
        self.one("#view input[type=password]").send_keys("difference", browser.Keys.ENTER)
        self.expect("This is not the password.")
        field = self.one("#view input[type=password]")
        field.clear()
        field.send_keys("analytical", browser.Keys.ENTER)
        self.expect("This is the password.")
        self.go(f"#/contacts/{contact['id']}/edit")
        self.click("Remove the password", "#view label")
        self.click("Save changes")
        self.expect("None is set.")
        self.assertFalse(self.stored(contact)["hasAccountPassword"])

    def test_a_contact_is_converted_linked_and_unlinked(self):
        first, second = self.customer(name="First Ltd"), self.customer(name="Second Ltd")
        contact = self.contact(first["id"], firstName="Ada")
        self.start(f"#/contacts/{contact['id']}")
        self.click("Convert to shared")
        self.expect(first["id"], "dialog")
        self.click("Convert to shared", "dialog button")
        self.expect_notice("Ada Lovelace is shared now.")
        self.expect_rows(1)
        self.assertIsNone(self.stored(contact)["customerID"])
        self.click("Link to a customer")
        self.one("dialog input").send_keys(second["id"], browser.Keys.ENTER)
        self.click("Link Second Ltd")
        self.expect_notice("Ada Lovelace is linked to Second Ltd.")
        self.expect_rows(2)
        self.click(f"Unlink from customer {first['id']}")
        self.click("Unlink", "dialog button")
        self.expect_notice("Ada Lovelace is unlinked from First Ltd.")
        self.expect_rows(1)
        self.assertEqual(self.rows(), ["Second Ltd"])

    def test_a_contact_that_changed_meanwhile_is_not_converted(self):
        contact = self.contact(self.customer()["id"], firstName="Ada")
        self.start(f"#/contacts/{contact['id']}")
        self.call("PATCH", f"{gw.CONTACTS}/{contact['id']}", {"firstName": "Other"})
        self.click("Convert to shared")
        self.click("Convert to shared", "dialog button")
        self.expect("Somebody else changed this contact", "dialog .alert")
        self.assertIsNotNone(self.stored(contact)["customerID"])
        self.click("Cancel", "dialog button")

    def test_a_contact_is_deleted_after_asking(self):
        contact = self.contact(firstName="Gone")
        self.start(f"#/contacts/{contact['id']}")
        self.click("Delete")
        self.assertEqual(self.active().text, "Cancel")
        self.press("ESCAPE")
        wait_for(lambda: not self.all("dialog"), "the dialog is closed")
        self.assertEqual(self.active().text, "Delete")
        self.assertEqual(self.stored(contact)["firstName"], "Gone")
        self.click("Delete")
        self.click("Delete contact")
        self.expect_heading("Contacts")
        self.expect_notice("Gone Lovelace was deleted.")
        self.call("GET", f"{gw.CONTACTS}/{contact['id']}", status=404)


if __name__ == "__main__":
    browser.main()
