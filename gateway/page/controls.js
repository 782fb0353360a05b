// SPDX-License-Identifier: Apache-2.0
// One control for each kind of field: reads and writes its value, and shows what is wrong with it.
import { element, freshId } from "./dom.js";
import { formatCountry } from "./format.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./presets.js").PresetValue} PresetValue */

/**
 * @typedef {object} Control
 * @property {Field} field
 * @property {HTMLElement} element
 * @property {() => any} read
 * @property {(value: any) => void} write
 * @property {() => void} focus
 * @property {(text: string) => void} setError  "" takes it away.
 * @property {(text: string) => void} setNote
 */

/**
 * What all kinds share: label, hint, note, error.
 *
 * @param {Field} field
 * @param {HTMLElement} input
 * @param {{read: () => any, write: (value: any) => void}} access
 * @param {import("./dom.js").Child[]} [after]
 * @returns {Control}
 */
function control(field, input, access, after = []) {
  const id = freshId();
  const note = element("p", { class: "note", id: `${id}-note` });
  const error = element("p", { class: "error", id: `${id}-error` });
  const hint = field.hint ? element("p", { class: "hint", id: `${id}-hint` }, field.hint) : null;
  const isGroup = field.kind === "choices";
  const described = [hint && `${id}-hint`, `${id}-note`, `${id}-error`].filter(Boolean).join(" ");
  input.setAttribute("aria-describedby", described);
  input.dataset.field = field.key;
  input.id = id;
  const label = isGroup
    ? element("legend", {}, field.label)
    : element("label", { for: id }, field.label);
  const look = `field${field.isWide ? " is-wide" : ""}`;
  const parts = isGroup ? [input] : [label, input];
  if (isGroup) {
    input.prepend(label);
  }
  return {
    field,
    element: element("div", { class: look }, ...parts, ...after, hint, note, error),
    ...access,
    focus: () => (isGroup ? input.querySelector("input") : input)?.focus(),
    setError(text) {
      error.textContent = text;
      (isGroup ? input.parentElement : input)?.classList.toggle("is-wrong", text !== "");
      if (!isGroup) {
        input.setAttribute("aria-invalid", String(text !== ""));
      }
    },
    setNote(text) {
      note.textContent = text;
    },
  };
}

/**
 * The values to choose from: those in use, and the stored one even if it is retired.
 *
 * @param {Field} field
 * @param {PresetValue[]} values
 * @param {string[]} stored
 */
function offered(field, values, stored) {
  const names = values.filter((value) => !value.retired).map((value) => value.name);
  const old = stored.filter((name) => name !== "" && !names.includes(name));
  const options = [
    ...names.map((name) => ({ name, text: textOf(field, name) })),
    ...old.map((name) => ({ name, text: `${textOf(field, name)} (retired)` })),
  ];
  return field.key === "country"
    ? options.sort((a, b) => a.text.localeCompare(b.text))
    : options;
}

/**
 * @param {Field} field
 * @param {string} name
 */
const textOf = (field, name) => (field.key === "country" ? formatCountry(name) : name);

/** @param {Field} field */
function textControl(field) {
  let stored = "";
  const input = element("input", {
    type: "text",
    inputmode: field.inputMode,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
  });
  return control(field, input, {
    // What stands is left as it is; white space around what was typed is nobody's intention.
    read: () => (input.value === stored ? stored : input.value.trim()),
    write(value) {
      stored = value ?? "";
      input.value = stored;
    },
  });
}

/**
 * @param {Field} field
 * @param {PresetValue[]} values
 */
function selectControl(field, values) {
  const input = element("select", {});
  return control(field, input, {
    read: () => input.value,
    write(value) {
      const options = offered(field, values, [value ?? ""]);
      input.replaceChildren(
        element("option", { value: "" }, "–"),
        ...options.map(({ name, text }) => element("option", { value: name }, text)));
      input.value = value ?? "";
    },
  });
}

/**
 * @param {Field} field
 * @param {PresetValue[]} values
 */
function choicesControl(field, values) {
  const input = element("fieldset", { class: "choices" });
  const boxes = () => /** @type {HTMLInputElement[]} */ ([...input.querySelectorAll("input")]);
  const box = (/** @type {{name: string, text: string}} */ { name, text }) =>
    element("label", { class: "choice" }, element("input", { type: "checkbox", value: name }), text);
  let order = /** @type {string[]} */ ([]);
  return control(field, input, {
    // In the stored order, so that ticking and unticking changes nothing.
    read() {
      const ticked = boxes().filter((each) => each.checked).map((each) => each.value);
      const before = order.filter((name) => ticked.includes(name));
      return [...before, ...ticked.filter((name) => !before.includes(name))];
    },
    write(value) {
      order = value ?? [];
      input.querySelectorAll(".choice").forEach((/** @type {Element} */ old) => old.remove());
      input.append(...offered(field, values, order).map(box));
      boxes().forEach((each) => {
        each.checked = order.includes(each.value);
      });
    },
  });
}

/**
 * The password: never shown. Empty leaves it as it is; a box removes the one that is set.
 *
 * @param {Field} field
 */
function passwordControl(field) {
  const input = element("input", { type: "password", autocomplete: "new-password" });
  const remove = element("input", { type: "checkbox" });
  const label = element("label", { class: "choice" }, remove, "Remove the password");
  return control(field, input, {
    read: () => (remove.checked ? null : input.value),
    write(isSet) {
      input.value = "";
      remove.checked = false;
      label.hidden = !isSet;
    },
  }, [label]);
}

/**
 * @param {Field} field
 * @param {Map<string, PresetValue[]>} presets
 * @returns {Control}
 */
export function newControl(field, presets) {
  const values = presets.get(field.preset ?? "") ?? [];
  switch (field.kind) {
    case "select":
      return selectControl(field, values);
    case "choices":
      return choicesControl(field, values);
    case "password":
      return passwordControl(field);
    default:
      return textControl(field);
  }
}
