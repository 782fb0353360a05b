// SPDX-License-Identifier: Apache-2.0
// The filters above a list, and the way straight to a known id.
import { button, element, freshId } from "./dom.js";
import { hashOf } from "./router.js";

/**
 * @typedef {object} Filter
 * @property {string} key       Name of the parameter, in the address and of the API.
 * @property {string} label
 * @property {string} [inputMode]
 * @property {{value: string, text: string}[]} [options]  Makes it a select.
 */

/**
 * @param {object} options
 * @param {string} options.section   Where the list and its items are.
 * @param {string} options.noun      One item.
 * @param {Filter[]} options.filters
 */
export function searchForm({ section, noun, filters }) {
  /** What the address says, also of a select that has no options yet. @type {Object<string, string>} */
  let written = {};
  const inputs = new Map(filters.map((filter) => [filter.key, filterInput(filter)]));
  const values = () =>
    Object.fromEntries([...inputs].map(([key, input]) => [key, input.value.trim()]));
  const go = (/** @type {Object<string, string>} */ parameters) => {
    location.hash = hashOf([section], parameters);
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    go(values());
  };
  const clear = button("Clear", () => go({}), "quiet");
  const form = element("form", { class: "search", role: "search", "aria-label": `Search ${section}`,
    submit },
    ...filters.map((filter, i) => filterField(filter, inputs.get(filter.key), i === 0)),
    element("div", { class: "actions" },
      element("button", { type: "submit", class: "primary" }, "Search"), clear));
  return {
    element: element("div", { class: "card searches" }, form, openForm(section, noun)),
    values,
    /** @param {Object<string, string>} parameters */
    write(parameters) {
      written = parameters;
      for (const [key, input] of inputs) {
        input.value = parameters[key] ?? "";
      }
      clear.hidden = ![...inputs.values()].some((input) => input.value !== "");
    },
    /**
     * @param {string} key
     * @param {{value: string, text: string}[]} options
     */
    setOptions(key, options) {
      const input = inputs.get(key);
      if (input) {
        input.replaceChildren(...optionElements(options));
        input.value = written[key] ?? "";
      }
    },
  };
}

/** @param {{value: string, text: string}[]} options */
const optionElements = (options) =>
  [{ value: "", text: "Any" }, ...options].map(({ value, text }) =>
    element("option", { value }, text));

/** @param {Filter} filter */
function filterInput(filter) {
  return filter.options
    ? element("select", { id: freshId() }, ...optionElements(filter.options))
    : element("input", {
      id: freshId(), type: "search", inputmode: filter.inputMode, autocomplete: "off",
      autocapitalize: "off", spellcheck: "false",
    });
}

/**
 * @param {Filter} filter
 * @param {HTMLInputElement} input
 * @param {boolean} isFirst  The one that the shortcut goes to.
 */
function filterField(filter, input, isFirst) {
  input.dataset.field = filter.key;
  if (isFirst) {
    input.dataset.search = "";
    input.setAttribute("aria-keyshortcuts", "/");
  }
  return element("div", { class: "field" }, element("label", { for: input.id }, filter.label), input);
}

/**
 * @param {string} section
 * @param {string} noun
 */
function openForm(section, noun) {
  const id = freshId();
  const input = element("input", {
    id, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (input.value.trim() !== "") {
      location.hash = hashOf([section, input.value.trim()]);
    }
  };
  return element("form", { class: "open", submit },
    element("div", { class: "field" }, element("label", { for: id }, `${noun} id`), input),
    element("button", { type: "submit", class: "quiet" }, "Open"));
}
