// SPDX-License-Identifier: Apache-2.0
// Values as people read them.

const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const regions = new Intl.DisplayNames(undefined, { type: "region", fallback: "code" });

/** @param {string | null} text  RFC 3339. */
export function formatTime(text) {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? "" : time.format(date);
}

/**
 * A time where there is little room: its day.
 *
 * @param {string | null} text  RFC 3339.
 */
export function formatDay(text) {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? "" : day.format(date);
}

/** @param {string} code  ISO 3166-1 alpha-2; other text stays as it is. */
export function formatCountry(code) {
  if (!/^[A-Z]{2}$/.test(code)) {
    return code;
  }
  const name = regions.of(code);
  return name === code ? code : `${name} (${code})`;
}

/**
 * A contact's name, or what it goes by when it has none.
 *
 * @param {any} contact
 */
export function contactName(contact) {
  const name = [contact.title, contact.firstName, contact.lastName].filter(Boolean).join(" ");
  return name || contact.companyName || contact.email || `Contact ${contact.id}`;
}

/** @param {any} customer */
export function customerName(customer) {
  return customer.name || `Customer ${customer.id}`;
}

/**
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/**
 * The address of a website, or null where a link would not be safe.
 *
 * @param {string} text
 */
export function websiteHref(text) {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
