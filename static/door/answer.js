/** The verdict on the screen: colour, icon, words, sound; a countdown back to the camera; what can be done about it meanwhile. */
import { fill, part } from "./setup.js";
import { signal } from "./signals.js";
import { wording } from "./wording.js";

/** @typedef {import("./store.js").Kept} Kept */

const SECONDS = { go: 2, wait: 4, stop: 8 };
export const UNDO_SECONDS = 10;

const ICONS = {
  go: '<circle cx="12" cy="12" r="10.2"/><path d="m7 12.4 3.4 3.4L17.2 9"/>',
  wait: '<circle cx="12" cy="12" r="10.2"/><path d="M12 6.4V12l3.4 3.2"/>',
  stop: '<path d="M7.8 2h8.4L22 7.8v8.4L16.2 22H7.8L2 16.2V7.8z"/><path d="m8.6 8.6 6.8 6.8m0-6.8-6.8 6.8"/>',
};

export class AnswerView {
  /**
   * @param {import("./setup.js").Setup} setup
   * @param {{back: () => void, confirm: () => boolean}} told `confirm` says whether a verdict stays until a press
   */
  constructor(setup, told) {
    this.setup = setup;
    this.told = told;
    this.section = part("verdict", HTMLElement);
    this.hold = part("hold", HTMLButtonElement);
    /** @type {Kept | null} */
    this.kept = null;
    /** @type {import("./signals.js").Tone} */
    this.tone = "go";
    this.since = 0;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
    this.hold.addEventListener("click", () => this.setHeld(!this.held));
  }

  get held() {
    return this.hold.getAttribute("aria-pressed") === "true";
  }

  /** @param {boolean} held */
  setHeld(held) {
    this.hold.setAttribute("aria-pressed", String(held));
    this.hold.textContent = this.setup.words[held ? "released" : "hold"] ?? "";
  }

  /**
   * @param {Kept} kept @param {Date} now
   * @param {{note?: string, listAt?: string | null}} [more] a line of its own under the others
   */
  show(kept, now, { note = "", listAt = null } = {}) {
    const shown = wording(kept.answer, this.setup, now, { listAt });
    const verdict = kept.answer.reason ?? kept.answer.verdict;
    // The same verdict is not told twice: its countdown goes on, only a fuller name or another way out appears.
    const same = this.kept?.scan_id === kept.scan_id && this.section.dataset.verdict === verdict;
    this.kept = kept;
    this.tone = shown.tone;
    this.section.className = `verdict verdict--${shown.tone}`;
    this.section.dataset.tone = shown.tone;
    this.section.dataset.scan = kept.scan_id;
    this.section.dataset.verdict = verdict;
    const icon = document.createElement("div");
    icon.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4" aria-hidden="true">${ICONS[shown.tone]}</svg>`;
    const title = document.createElement("h2");
    title.textContent = shown.title;
    const lines = [shown.who, ...shown.notes, note].filter(Boolean).map((text, index) => {
      const line = document.createElement("p");
      line.textContent = text;
      if (index === 0 && shown.who) line.className = "who2";
      return line;
    });
    const place = part("answer", HTMLElement);
    // A screen reader would say all of it again.
    if (same) place.setAttribute("aria-live", "off");
    else place.removeAttribute("aria-live");
    place.replaceChildren(...icon.children, title, ...lines);
    if (same) return;
    this.since = performance.now();
    signal(shown.tone);
    this.countDown(SECONDS[shown.tone]);
  }

  /** @param {number} seconds until the camera comes back */
  countDown(seconds) {
    clearInterval(this.ticking);
    this.setHeld(this.told.confirm());
    const bar = part("bar", HTMLElement);
    bar.style.setProperty("--back", `${seconds}s`);
    bar.classList.remove("running");
    void bar.offsetWidth; // the animation starts anew
    bar.classList.add("running");
    let until = performance.now() + seconds * 1000;
    const tick = () => {
      const now = performance.now();
      if (this.held) until = now + seconds * 1000;
      this.section.classList.toggle("verdict--held", this.held);
      const left = Math.ceil((until - now) / 1000);
      part("back", HTMLElement).textContent = this.held
        ? (this.setup.words.held ?? "")
        : fill(this.setup.words.back ?? "", { n: Math.max(left, 1) });
      if (left <= 0) this.told.back();
    };
    tick();
    this.ticking = setInterval(tick, 200);
  }

  /** The countdown rests, while a reason is typed. */
  pause() {
    clearInterval(this.ticking);
    this.section.classList.add("verdict--held");
    part("back", HTMLElement).textContent = "";
  }

  close() {
    clearInterval(this.ticking);
    this.kept = null;
  }
}
