/** What is needed seldom: direction, session, the way back to the camera, sound, the list, installing, forgetting this device. */
import { part, setting } from "./setup.js";
import { allowSound, mute } from "./signals.js";

/**
 * @typedef {object} Told
 * @property {() => void} direction
 * @property {() => void} session
 * @property {() => Promise<string>} warning what would be lost by forgetting
 * @property {() => Promise<void>} forget
 */

export class More {
  /** @param {Told} told */
  constructor(told) {
    const direction = part("direction", HTMLFieldSetElement);
    direction.addEventListener("change", () => told.direction());
    const mode = part("mode", HTMLFieldSetElement);
    const kept = setting("mode") ?? "continuous";
    for (const choice of radios(mode)) choice.checked = choice.value === kept;
    mode.addEventListener("change", () => setting("mode", this.mode));
    this.session = part("session", HTMLSelectElement);
    this.session.addEventListener("change", () => told.session());
    const sound = part("sound", HTMLInputElement);
    sound.checked = setting("sound") !== "off";
    mute(!sound.checked);
    sound.addEventListener("change", () => {
      setting("sound", sound.checked ? "on" : "off");
      mute(!sound.checked);
      if (sound.checked) allowSound();
    });
    this.install();
    const ask = part("forget-ask", HTMLElement);
    part("forget", HTMLButtonElement).addEventListener("click", async () => {
      part("forget-waiting", HTMLElement).textContent = await told.warning();
      ask.hidden = false;
      part("forget-yes", HTMLButtonElement).focus();
    });
    part("forget-no", HTMLButtonElement).addEventListener("click", () => (ask.hidden = true));
    part("forget-yes", HTMLButtonElement).addEventListener("click", () => void told.forget());
  }

  /** @returns {"in" | "out"} */
  get direction() {
    return radios(part("direction", HTMLFieldSetElement)).find((each) => each.checked)?.value === "out" ? "out" : "in";
  }

  /** Whether the camera comes back by itself (`continuous`) or after a press (`confirm`). */
  get mode() {
    return radios(part("mode", HTMLFieldSetElement)).find((each) => each.checked)?.value ?? "continuous";
  }

  /** The sessions of this door to choose from; the chosen one stays when it is still there. @param {{id: string, title: string}[]} sessions @param {string | null} now */
  offer(sessions, now) {
    const before = this.session.value;
    this.session.closest(".field")?.toggleAttribute("hidden", sessions.length < 2);
    const same = [...this.session.options].map(({ value, text }) => `${value} ${text}`).join("\n");
    // An open list would close under the finger.
    if (same === sessions.map(({ id, title }) => `${id} ${title}`).join("\n")) return;
    this.session.replaceChildren(
      ...sessions.map(({ id, title }) => {
        const option = document.createElement("option");
        option.value = id;
        option.textContent = title;
        return option;
      }),
    );
    this.session.value = sessions.some(({ id }) => id === before) ? before : (now ?? sessions[0]?.id ?? "");
  }

  install() {
    const button = part("install", HTMLButtonElement);
    /** @type {(Event & {prompt: () => Promise<void>}) | null} */
    let offer = null;
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      offer = /** @type {any} */ (event);
      button.hidden = false;
    });
    addEventListener("appinstalled", () => (button.hidden = true));
    button.addEventListener("click", () => void offer?.prompt());
    const apple = /iPhone|iPad/.test(navigator.userAgent) && !matchMedia("(display-mode: standalone)").matches;
    part("install-apple", HTMLElement).hidden = !apple;
  }
}

/** @param {HTMLElement} set @returns {HTMLInputElement[]} */
const radios = (set) => [...set.querySelectorAll("input")];
