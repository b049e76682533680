/** Search by name, organisation or address among everybody of the list; letting somebody in from it is a scan like any other. */
import { fill, part } from "./setup.js";
import { find, marks, searchKey } from "./search.js";

/** @typedef {import("./setup.js").Person} Person */

const MOST = 30;

/** `ma…@firma.bg`: enough to tell two people apart, too little to write to them. @param {string | undefined} mail */
export function masked(mail) {
  const [name = "", domain = ""] = (mail ?? "").split("@");
  return domain ? `${name.slice(0, 2)}…@${domain}` : "";
}

/** Text whose found parts are marked. @param {string} text @param {string} query */
function marked(text, query) {
  const span = document.createDocumentFragment();
  let at = 0;
  for (const [start, end] of marks(text, query)) {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(start, end);
    span.append(text.slice(at, start), mark);
    at = end;
  }
  span.append(text.slice(at));
  return span;
}

export class Finder {
  /**
   * @param {import("./setup.js").Setup} setup
   * @param {import("./list.js").List} list
   * @param {{chosen: (person: Person) => void, state: (person: Person) => {text: string, kind: string, passes: boolean}}} told
   */
  constructor(setup, list, told) {
    this.setup = setup;
    this.list = list;
    this.told = told;
    this.query = part("query", HTMLInputElement);
    this.query.addEventListener("input", () => this.show());
  }

  open() {
    this.query.value = "";
    this.show();
    this.query.focus();
  }

  show() {
    const { words } = this.setup;
    const query = this.query.value;
    const enough = query.trim().length >= 3;
    const found = enough ? this.found(query) : [];
    const count = found.length === 1 ? words.found_one : words.found_many;
    const said = !this.list.ready
      ? (words.no_list ?? "")
      : enough
        ? fill((found.length ? count : words.found_none) ?? "", { n: found.length === MOST ? `${MOST}+` : found.length, query: query.trim() })
        : (words.three_letters ?? "");
    // The list comes anew every few seconds: what stands already is neither said again nor taken from under a finger.
    const place = part("found", HTMLElement);
    if (place.textContent !== said) place.textContent = said;
    const hits = part("hits", HTMLUListElement);
    const fresh = document.createElement("ul");
    fresh.append(...found.map((person) => this.row(person, query)));
    if (fresh.innerHTML !== hits.innerHTML) hits.replaceChildren(...fresh.children);
  }

  /** Whose name it is comes before whose organisation or address it is. @param {string} query @returns {Person[]} */
  found(query) {
    const all = find([...this.list.people.values()], query, MOST * 10);
    const [word = ""] = searchKey(query).split(" ");
    const named = all.filter((person) => searchKey(person.name).includes(word));
    return [...named, ...all.filter((person) => !named.includes(person))].slice(0, MOST);
  }

  /** @param {Person} person @param {string} query */
  row(person, query) {
    const row = document.createElement("li");
    row.className = "hit";
    row.dataset.registration = person.id;
    const words = document.createElement("div");
    const name = document.createElement("strong");
    name.append(marked(person.name, query));
    const about = document.createElement("span");
    const parts = [person.org, masked(person.mail)].filter(Boolean);
    about.append(marked(parts.join(" · "), query));
    words.append(name, about);
    const state = this.told.state(person);
    row.append(words);
    if (state.text) {
      const said = document.createElement("span");
      said.className = `state state--${state.kind}`;
      said.textContent = state.text;
      (state.passes ? words : row).append(said);
    }
    if (state.passes) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-primary";
      button.textContent = this.setup.words.admit ?? "";
      button.setAttribute("aria-label", `${button.textContent}: ${[person.name, ...parts].join(", ")}`);
      button.addEventListener("click", () => this.told.chosen(person));
      row.append(button);
    }
    return row;
  }
}
