# SPDX-License-Identifier: Apache-2.0
"""A real browser on the page of a real contact-gateway, for the tests in this folder.

Usage of a test: test_NAME.py CONTACTD CONTACTCTL CONTACT-GATEWAY [UNITTEST-OPTION...]

What the browser's console says against the page (an error, or something that the content security
policy stopped) fails the test in which it is said.
"""

import os
import shutil
import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import contactctl  # noqa: E402
import gateway  # noqa: E402

WAIT_SECONDS_MOST = 30
WIDE, NARROW = (1280, 900), (360, 740)
FLAGS = (
    "--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--no-proxy-server", "--lang=en-GB",
)

# Requests that the page sent, as the page's own fetch() got them.
SPY = """
    window.sent = [];
    const real = window.fetch;
    window.fetch = (target, options) => {
        window.sent.push({target, method: options.method, body: options.body ?? null,
                          headers: Object.fromEntries(options.headers)});
        return real(target, options);
    };
"""


def new_driver():
    options = Options()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--window-size={WIDE[0]},{WIDE[1]}"):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.set_capability("unhandledPromptBehavior", "accept")
    service = Service(shutil.which("chromedriver"))
    return webdriver.Chrome(service=service, options=options)


def wait_for(condition, what):
    """What the condition gives as soon as it is true of the page."""
    end = time.monotonic() + WAIT_SECONDS_MOST
    while True:
        try:
            result = condition()
        except StaleElementReferenceException:
            result = None
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not in {WAIT_SECONDS_MOST} s: {what}")
        time.sleep(0.02)


class Case(gateway.Case):
    """Tests with a contactd, a gateway and a browser for all of them, each with a fresh tab state.
    `is_sampled`: whether contactd has the sample's customers and contacts."""

    is_sampled = False
    role = "writer"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.is_sampled:
            cls.server.ctl("import", contactctl.SAMPLE, "-q")
        cls.driver = new_driver()
        cls.addClassCleanup(cls.driver.quit)

    def setUp(self):
        self.resize(*WIDE)
        self.driver.get(self.gateway.url + "/favicon.svg")
        self.script("sessionStorage.clear(); localStorage.clear()")
        self.driver.get_log("browser")

    def tearDown(self):
        self.keep_picture()
        self.assertIsNone(self.gateway.process.poll(), self.gateway.log()[-4000:])
        said = [
            entry for entry in self.driver.get_log("browser")
            # The browser says of every answer above 399 that it is one: those are the tests' wish.
            if entry["source"] != "network"
        ]
        self.assertEqual(said, [])

    def keep_picture(self, name=""):
        """Keeps what is to be seen, where PAGE_PICTURES names a folder for that."""
        folder = os.environ.get("PAGE_PICTURES")
        if folder:
            name = "".join(each if each.isalnum() else "-" for each in self.id() + name)
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))

    # --- Going somewhere ----------------------------------------------------------------------

    def resize(self, width, height, scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def load(self, address=""):
        """Loads the page anew."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.gateway.url}/{address}")

    def start(self, address="#/contacts", token=None):
        """Loads the page with a token kept from before."""
        self.script(
            "sessionStorage.setItem('contacts.token', arguments[0])",
            token or self.server.tokens[self.role])
        self.driver.get(f"{self.gateway.url}/{address}")
        self.expect_loaded()

    def go(self, address):
        """Goes to an address within the page, as a link does."""
        self.driver.execute_async_script(
            "const [address, done] = arguments;"
            "window.addEventListener('hashchange', () => setTimeout(done), {once: true});"
            "location.hash = address;", address)
        self.expect_loaded()

    def hash(self):
        return self.script("return location.hash")

    def spy(self):
        self.script(SPY)

    def sent(self, method=None):
        """What the page sent since spy()."""
        sent = self.script("return window.sent")
        return [each for each in sent if method in (None, each["method"])]

    # --- Finding ------------------------------------------------------------------------------

    def script(self, body, *arguments):
        return self.driver.execute_script(body, *arguments)

    def all(self, selector, inside=None):
        return (inside or self.driver).find_elements(By.CSS_SELECTOR, selector)

    def visible(self, selector):
        """The elements that fit and are to be seen: asked in one step, since a step takes long."""
        return self.script(
            "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())",
            selector)

    def one(self, selector):
        """The one visible element that fits."""
        def only():
            found = self.visible(selector)
            return found if len(found) == 1 else None
        return wait_for(only, f"one visible {selector}")[0]

    def named(self, text, selector="button, a"):
        """The first visible button or link with that text or label."""
        return wait_for(lambda: self.script(
            "return [...document.querySelectorAll(arguments[1])].find(e => e.checkVisibility() &&"
            " [e.innerText, e.getAttribute('aria-label')].includes(arguments[0]))",
            text, selector), f"a button or link {text!r}")

    def click(self, text, selector="button, a"):
        element = self.named(text, selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def field(self, key):
        return self.one(f"#view [data-field='{key}']")

    def type(self, key, text):
        field = self.field(key)
        field.clear()
        field.send_keys(text)

    def choose(self, key, text):
        Select(self.field(key)).select_by_visible_text(text)

    def options(self, key):
        return [option.text for option in Select(self.field(key)).options]

    def rows(self, index=0):
        """The text of the first cells of a table's rows; None while there is no such table."""
        return self.script(
            "const table = document.querySelectorAll('#view table')[arguments[0]];"
            "return table && [...table.querySelectorAll('tbody th')]"
            ".map(cell => cell.innerText.split('\\n')[0])", index)

    def has(self, text, selector="#view"):
        return self.script(
            "return [...document.querySelectorAll(arguments[1])]"
            ".some(e => e.innerText.includes(arguments[0]))", text, selector)

    def box(self, selector=".alert"):
        return self.one(selector).text

    def active(self):
        return self.driver.switch_to.active_element

    def press(self, *keys):
        for key in keys:
            self.active().send_keys(getattr(Keys, key, key))

    # --- Expecting ----------------------------------------------------------------------------

    def expect_loaded(self):
        wait_for(lambda: self.visible("#main h1") and not self.all(".loading"),
                 "the view is loaded")

    def expect_heading(self, text):
        wait_for(lambda: [each.text for each in self.visible("#main h1")] == [text],
                 f"the heading {text!r}")
        self.expect_loaded()

    def expect_notice(self, text):
        wait_for(lambda: self.has(text, "#notice"), f"the notice {text!r}")

    def expect(self, text, selector="#view"):
        wait_for(lambda: self.has(text, selector), f"{text!r} in {selector}")

    def expect_rows(self, count, index=0):
        wait_for(lambda: len(self.rows(index) or ()) == count, f"{count} rows in table {index}")

    def error_of(self, key):
        """The error beside a field."""
        ids = self.field(key).get_attribute("aria-describedby").split()
        return self.driver.find_element(By.ID, ids[-1]).text


main = gateway.main
