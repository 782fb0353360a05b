// SPDX-License-Identifier: Apache-2.0
// Creating and changing a resource in a form: keys and preconditions, and what to do when somebody
// else was faster.
import { ApiError, Keys, send } from "./api.js";
import { leaveFor, notice } from "./announce.js";
import { button, element, link, whileBusy } from "./dom.js";
import { fill } from "./failure.js";
import { Form } from "./form.js";
import { newPage } from "./page.js";
import { presetsOf } from "./presets.js";

/**
 * @typedef {object} EditOptions
 * @property {string} title
 * @property {string} section
 * @property {{href: string, text: string}} back  Where Cancel goes, too.
 * @property {import("./fields.js").Group[]} groups
 * @property {string} [resource]    Path of what is changed; without it something new is made.
 * @property {(changed: any) => {target: string, body: any}} [create]  Its request.
 * @property {any} [given]          First values of something new.
 * @property {(data: any) => string} nameOf
 * @property {(data: any) => string} hashOf  Where it is shown.
 */

/**
 * @param {import("./page.js").Context} context
 * @param {EditOptions} options
 * @returns {import("./page.js").View}
 */
export function editView(context, options) {
  const page = newPage({ title: options.title, back: options.back });
  const editor = new Editor(options, page);
  fill(page.body, context.signal, () => editor.load(context.signal), () => [editor.render()])
    .then(() => editor.start());
  return {
    element: page.element,
    section: options.section,
    isDirty: () => editor.isDirty(),
  };
}

class Editor {
  #options;
  #page;
  #keys = new Keys();
  #etag = "";
  #stored = /** @type {any} */ ({});
  #presets = new Map();
  #isDone = false;
  /** @type {Form | null} */
  #form = null;
  #save;

  /**
   * @param {EditOptions} options
   * @param {ReturnType<typeof newPage>} page
   */
  constructor(options, page) {
    this.#options = options;
    this.#page = page;
    const text = options.resource ? "Save changes" : "Create";
    this.#save = element("button", { type: "submit", class: "primary" }, text);
  }

  /** @param {AbortSignal} signal */
  async load(signal) {
    const { resource, groups } = this.#options;
    const [presets, answer] = await Promise.all([
      presetsOf(groups, signal),
      resource ? send("GET", resource, { signal }) : null,
    ]);
    this.#presets = presets;
    if (answer) {
      this.#stored = answer.data;
      this.#etag = answer.etag;
    }
  }

  render() {
    const { groups, given, back, resource, nameOf } = this.#options;
    if (resource) {
      this.#page.setTitle(`Edit ${nameOf(this.#stored)}`);
    }
    this.#form = new Form({
      groups: groups.map((group) => ({
        ...group,
        fields: group.fields.filter((field) => !(field.isNew && resource)),
      })),
      presets: this.#presets,
      stored: this.#stored,
      given,
      submit: (event) => {
        event.preventDefault();
        this.#submit();
      },
      buttons: [this.#save, link(back.href, "Cancel", "button quiet")],
    });
    return this.#form.element;
  }

  /** To be called when the form stands in the page. */
  start() {
    if (!this.#options.resource) {
      this.#form?.focus();
    }
  }

  isDirty() {
    return !this.#isDone && this.#form !== null && this.#form.isChanged();
  }

  #submit() {
    whileBusy(this.#save, async () => {
      try {
        await this.#write();
      } catch (error) {
        this.#showProblem(error);
      }
    });
  }

  async #write() {
    const form = /** @type {Form} */ (this.#form);
    const { resource, create, nameOf } = this.#options;
    const changed = form.changed();
    if (resource && Object.keys(changed).length === 0) {
      this.#leave(this.#stored, "Nothing was changed.");
      return;
    }
    if (resource) {
      const key = this.#keys.keyOf(resource, this.#etag, changed);
      const { data } = await send("PATCH", resource, { body: changed, etag: this.#etag, key });
      this.#leave(data, `${nameOf(data)} was saved.`);
    } else if (create) {
      const { target, body } = create(changed);
      const key = this.#keys.keyOf(target, body);
      const { data } = await send("POST", target, { body, key });
      this.#leave(data, `${nameOf(data)} was created.`);
    }
  }

  /**
   * @param {any} data
   * @param {string} text
   */
  #leave(data, text) {
    this.#isDone = true;
    leaveFor(this.#options.hashOf(data), text);
  }

  /** @param {any} error */
  #showProblem(error) {
    const form = /** @type {Form} */ (this.#form);
    if (error instanceof ApiError && error.status === 401) {
      return; // the form to sign in says why, and this one waits behind it
    }
    if (error instanceof ApiError && error.status === 412) {
      const meanwhile = new ApiError(412, {
        message: "Somebody else changed this meanwhile. Nothing was saved.",
        reason: error.reason,
      });
      const load = button("Load the new state, keep what I typed", () => this.#rebase(), "primary");
      form.showProblem(meanwhile, { actions: [load] });
      return;
    }
    form.showProblem(error, { retry: () => this.#submit() });
  }

  async #rebase() {
    const form = /** @type {Form} */ (this.#form);
    try {
      const answer = await send("GET", String(this.#options.resource));
      this.#stored = answer.data;
      this.#etag = answer.etag;
      const both = form.rebase(answer.data);
      this.#page.setTitle(`Edit ${this.#options.nameOf(answer.data)}`);
      notice(both === 0
        ? "The new state is loaded. What you typed is kept and not saved yet."
        : "The new state is loaded. What you typed is kept: look at the fields that both changed.");
      this.#save.focus();
    } catch (error) {
      form.showProblem(error, { retry: () => this.#rebase() });
    }
  }
}
