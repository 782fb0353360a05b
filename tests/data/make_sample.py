#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes sample.ndjson: an import file of invented customers and contacts, the same on every run.

Usage: make_sample.py OUTPUT
"""

import json
import random
import sys

CUSTOMERS = 60
CONTACTS = 260
SHARED_EVERY = 8
PASSWORD_EVERY = 25

FIRST_NAMES = ["Ada", "Björn", "Chloë", "Đorđe", "Émile", "Łucja", "颯太", "Mairéad", "Øyvind", "Zoë"]
LAST_NAMES = ["Ash", "Brontë", "Čapek", "Ekström", "青山", "Müller", "Ng", "O'Hara", "Ślusarczyk"]
COMPANIES = ["Adler & Söhne", "合名会社青山", "Brook Ltd", "Dupont Frères", "Zakład Łódź", 'Quote "Q" Co']
STREETS = ["1 High Street", "al. Radomska 92b", "Schloßallee 7", "rue de l'Église 12", "桜通 3"]
CITIES = ["York", "Gorlice", "Köln", "Besançon", "名古屋市"]
COUNTRIES = ["GB", "PL", "DE", "FR", "JP"]
NUMBER_TYPES = ["Direct", "Fax", "Home", "Mobile", "Office", "Switchboard"]
LISTS = {
    "contactRegarding": ["Billing", "Faults", "Marketing", "Orders", "Renewals"],
    "copyCorrespondenceTypeIDs": ["Contract", "Dunning letter", "Price change", "Welcome letter"],
    "copyTicketTypeIDs": ["Fault", "Order", "Query"],
}
CHOICES = {
    "contactType": ["Accounts", "Billing", "Director", "IT", "Primary", "Technical"],
    "title": ["Dr", "Miss", "Mr", "Mrs", "Ms", "Mx", "Prof"],
    "dealerCode": ["NORTH", "SOUTH", "D100", "Éire"],
    "emailBillType": ["Full", "Long", "Short", ""],
    "invoiceUsageReportCustomerProfile": ["Full breakdown", "None", "Summary", ""],
}
# What the file brings itself; the last one is retired, and a contact has it all the same.
PRESETS = [
    {"field": "dealerCode", "name": "D100"},
    {"field": "dealerCode", "name": "Éire"},
    {"field": "title", "name": "Châtelain"},
    {"field": "contactType", "name": "Ancien", "retired": True},
]


def customer(number):
    value = {
        "id": f"C{100 + number}",
        "name": f"{COMPANIES[number % len(COMPANIES)]} {number}",
        "accountNumber": f"A{7 * number + 1000}",
    }
    if number % 3:
        value["CRMReference"] = f"CRM-{number:04}"
    return {"customer": value}


def numbers(dice, count):
    for position in range(1, count + 1):
        yield f"number{position}", f"+{dice.randrange(10, 99)} {dice.randrange(10**8, 10**9)}"
        yield f"number{position}type", dice.choice(NUMBER_TYPES)


def contact(dice, number):
    country = number % len(COUNTRIES)
    value = {
        "customerID": f"C{100 + dice.randrange(CUSTOMERS)}",
        "firstName": dice.choice(FIRST_NAMES),
        "lastName": dice.choice(LAST_NAMES),
        "companyName": dice.choice(COMPANIES),
        "address1": STREETS[country],
        "address4": CITIES[country],
        "country": COUNTRIES[country],
        "postcode": f"{dice.randrange(10000, 99999)}",
        "email": f"person{number}@example.org",
    }
    value.update({name: dice.choice(choices) for name, choices in CHOICES.items()})
    value.update({name: dice.sample(all_, dice.randrange(3)) for name, all_ in LISTS.items()})
    value.update(numbers(dice, dice.randrange(4)))
    if number % PASSWORD_EVERY == 0:
        value["accountPassword"] = f"väry sëcret {number}"
    if number == 10:
        value["contactType"] = "Ancien"
    line = {"contact": value}
    if number % SHARED_EVERY == 0:
        value["customerID"] = None
        ids = dice.sample(range(CUSTOMERS), dice.randrange(6))
        line["linkedCustomerIDs"] = [f"C{100 + id_}" for id_ in ids]
    return line


def main(path):
    dice = random.Random(20260301)
    lines = [{"preset": preset} for preset in PRESETS]
    lines += [customer(number) for number in range(CUSTOMERS)]
    lines += [contact(dice, number) for number in range(CONTACTS)]
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
