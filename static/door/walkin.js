/** Registers somebody who is not on the list: name, what the event requires, consents apart; works without a connection. */
import { part } from "./setup.js";

const FIELDS = ["first_name", "last_name", "email", "organisation", "phone", "position"];

export class WalkIn {
  /** @param {import("./list.js").List} list @param {(walkIn: Record<string, unknown>) => void} send */
  constructor(list, send) {
    this.list = list;
    this.form = part("walk", HTMLFormElement);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.check()) send(this.values());
    });
  }

  /** @param {string} [typed] what was searched for: probably the name */
  open(typed = "") {
    this.form.reset();
    const asks = this.list.head?.asks ?? {};
    for (const name of /** @type {const} */ (["organisation", "phone", "position"])) {
      const asked = asks[name] ?? "no";
      const field = part(`walk-${name}`, HTMLInputElement);
      field.required = asked === "required";
      field.closest(".field")?.toggleAttribute("hidden", asked === "no");
      field.closest(".field")?.querySelector(".optional")?.toggleAttribute("hidden", asked === "required");
    }
    const [first = "", ...rest] = typed.trim().split(/\s+/);
    if (!typed.includes("@")) {
      part("walk-first_name", HTMLInputElement).value = first;
      part("walk-last_name", HTMLInputElement).value = rest.join(" ");
    } else part("walk-email", HTMLInputElement).value = typed.trim();
    for (const field of this.inputs()) this.mark(field, false);
    part(first && !typed.includes("@") ? "walk-last_name" : "walk-first_name", HTMLInputElement).focus();
  }

  inputs() {
    return FIELDS.map((name) => part(`walk-${name}`, HTMLInputElement)).filter((field) => !field.closest("[hidden]"));
  }

  /** The first wrong field gets the focus and says what it wants. */
  check() {
    const wrong = this.inputs().filter((field) => {
      field.value = field.value.trim();
      const bad = !field.validity.valid;
      this.mark(field, bad);
      return bad;
    });
    wrong[0]?.focus();
    return wrong.length === 0;
  }

  /** @param {HTMLInputElement} field @param {boolean} bad */
  mark(field, bad) {
    const box = field.closest(".field");
    box?.classList.toggle("field--bad", bad);
    if (bad) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    box?.querySelector(".err")?.toggleAttribute("hidden", !bad);
  }

  values() {
    /** @type {Record<string, unknown>} */
    const values = {};
    for (const field of this.inputs()) if (field.value) values[field.name] = field.value;
    for (const name of ["consent_photo", "consent_newsletter"]) values[name] = part(`walk-${name}`, HTMLInputElement).checked;
    return values;
  }
}
