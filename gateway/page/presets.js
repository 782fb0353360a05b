// SPDX-License-Identifier: Apache-2.0
// The values that preset fields allow, kept for a minute: they change seldom.
import { path, query, send } from "./api.js";
import { session } from "./session.js";

const KEPT_MS = 60_000;

/**
 * @typedef {object} PresetValue
 * @property {string} name
 * @property {boolean} retired
 */

/** @type {Map<string, {time: number, values: PresetValue[]}>} */
const kept = new Map();

session.addEventListener("out", () => kept.clear());
/**
 * All values of a field, the retired ones too.
 *
 * @param {string} field
 * @param {AbortSignal} [signal]
 * @returns {Promise<PresetValue[]>}
 */
export async function presetValues(field, signal) {
  const found = kept.get(field);
  if (found && Date.now() - found.time < KEPT_MS) {
    return found.values;
  }
  const values = [];
  const parameters = { includeRetired: true, pageSize: 1000 };
  let target = `${path("presets", field)}/${query(parameters)}`;
  while (target !== "") {
    const page = await send("GET", target, { signal });
    values.push(...page.data);
    target = page.next;
  }
  kept.set(field, { time: Date.now(), values });
  return values;
}

/**
 * The values of all fields that the groups' selects and choices need, by field.
 *
 * @param {import("./fields.js").Group[]} groups
 * @param {AbortSignal} [signal]
 * @returns {Promise<Map<string, PresetValue[]>>}
 */
export async function presetsOf(groups, signal) {
  const fields = groups.flatMap((group) => group.fields.map((field) => field.preset));
  const names = [...new Set(fields.filter((name) => name !== undefined))];
  const values = await Promise.all(names.map((name) => presetValues(String(name), signal)));
  return new Map(names.map((name, i) => [String(name), values[i]]));
}
