// SPDX-License-Identifier: Apache-2.0
// A form of groups of fields: what was changed in it, and what the API says of it.
import { element } from "./dom.js";
import { newControl } from "./controls.js";
import { failureBox, fieldOf } from "./failure.js";

/** @typedef {import("./fields.js").Group} Group */

/** Errors that name a field by their reason alone. */
const FIELD_OF_REASON = new Map([
  ["CUSTOMER_ID_TAKEN", "id"],
  ["ACCOUNT_NUMBER_TAKEN", "accountNumber"],
  ["CRM_REFERENCE_TAKEN", "CRMReference"],
  ["CUSTOMER_NOT_FOUND", "customerID"],
]);

/**
 * @param {any} a
 * @param {any} b
 */
const isEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class Form {
  /** @type {Map<string, import("./controls.js").Control>} */
  #controls = new Map();
  /** What stands in the store. @type {Object<string, any>} */
  #base = {};
  #problem = element("div", {});

  /**
   * @param {object} options
   * @param {Group[]} options.groups
   * @param {Map<string, import("./presets.js").PresetValue[]>} options.presets
   * @param {any} options.stored        The resource, or {} for a new one.
   * @param {any} [options.given]       First values of a new one.
   * @param {(event: Event) => void} options.submit
   * @param {Node[]} options.buttons
   */
  constructor({ groups, presets, stored, given = {}, submit, buttons }) {
    this.element = element("form", { class: "form", novalidate: true, submit },
      this.#problem,
      ...groups.map((group) => this.#group(group, presets)),
      element("div", { class: "form-foot" }, ...buttons));
    this.#setBase(stored);
    for (const [key, control] of this.#controls) {
      control.write(this.#base[key]);
      if (given[key] !== undefined) {
        control.write(given[key]);
      }
    }
  }

  /**
   * @param {Group} group
   * @param {Map<string, import("./presets.js").PresetValue[]>} presets
   */
  #group(group, presets) {
    const controls = group.fields.map((field) => newControl(field, presets));
    for (const control of controls) {
      this.#controls.set(control.field.key, control);
    }
    return element("fieldset", { class: "card group" },
      element("legend", {}, group.title),
      element("div", { class: "fields" }, ...controls.map((control) => control.element)));
  }

  /** @param {any} stored */
  #setBase(stored) {
    for (const [key, { field }] of this.#controls) {
      if (field.kind === "password") {
        this.#base[key] = stored.hasAccountPassword ?? false;
      } else {
        this.#base[key] = stored[key] ?? (field.kind === "choices" ? [] : "");
      }
    }
  }

  /** What is to be sent: the values that differ from those that stand. */
  changed() {
    /** @type {Object<string, any>} */
    const changed = {};
    for (const [key, control] of this.#controls) {
      const value = control.read();
      const standing = control.field.kind === "password" ? "" : this.#base[key];
      if (!isEqual(value, standing)) {
        changed[key] = value;
      }
    }
    return changed;
  }

  isChanged() {
    return Object.keys(this.changed()).length > 0;
  }

  /**
   * Takes over what stands now and keeps what was typed. Where both changed, what stands now is
   * said beside the field.
   *
   * @param {any} stored
   */
  rebase(stored) {
    const typed = this.changed();
    const before = { ...this.#base };
    this.#setBase(stored);
    let both = 0;
    for (const [key, control] of this.#controls) {
      const isOther = !isEqual(before[key], this.#base[key]);
      if (!(key in typed)) {
        control.write(this.#base[key]);
        control.setNote(isOther ? "Changed meanwhile: this is the new value." : "");
      } else if (isOther && control.field.kind !== "password") {
        both += 1;
        const now = [this.#base[key]].flat().join(", ");
        control.setNote(now === "" ? "Emptied meanwhile." : `Changed meanwhile to: ${now}`);
      }
    }
    this.clearProblem();
    return both;
  }

  clearProblem() {
    this.#problem.replaceChildren();
    this.#controls.forEach((control) => control.setError(""));
  }

  /**
   * Shows an error above the form and beside the fields that it names, and goes there.
   *
   * @param {any} error
   * @param {{retry?: () => void, actions?: Node[]}} [options]
   */
  showProblem(error, options = {}) {
    this.clearProblem();
    const violations = error.violations ?? [];
    for (const violation of violations) {
      this.#controls.get(fieldOf(violation))?.setError(violation.description);
    }
    if (violations.length === 0) {
      this.#controls.get(FIELD_OF_REASON.get(error.reason) ?? "")?.setError(error.message);
    }
    const fields = new Map([...this.#controls].map(([key, control]) =>
      [key, { label: control.field.label, focus: control.focus }]));
    const box = failureBox(error, { ...options, fields });
    this.#problem.replaceChildren(box);
    box.focus();
  }

  /** Goes to the first field that is empty. */
  focus() {
    [...this.#controls.values()].find((control) => control.read() === "")?.focus();
  }
}
