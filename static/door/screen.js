/**
 * A room's screen: asks for the next code as the minute turns, says when the network is lost, and never leaves a code standing that is
 * two minutes old. The page comes with its first code, so that all this is a help and no need.
 */
import { part } from "./setup.js";

/**
 * @typedef {{code: string | null, seconds_left: number, present: number, title: string, of: string | null, day: string,
 *   note: string | null, tally: string}} State
 */

const OLDEST = 120; // s after its minute began a code is taken away; the server takes it for one minute more, for who is typing
const EVERY = 20; // s between questions, so that the number of people moves
const HUNG = 8000; // ms
const LONGEST_PAUSE = 15; // s between tries without network

/** @type {{address: string, words: Record<string, string>, now: State}} */
const setup = JSON.parse(part("room", HTMLScriptElement).textContent ?? "{}");
const code = part("code", HTMLElement);
const note = part("note", HTMLElement);
const left = part("left", HTMLProgressElement);
const net = part("net", HTMLElement);

let state = setup.now;
let told = clocks();
let failures = 0;
let ended = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let next;

/** Two clocks: one stops while the computer sleeps, the other may be set. */
function clocks() {
  return { steady: performance.now(), wall: Date.now() };
}

/** Seconds since the last answer, by the clock that says more. */
function since() {
  const now = clocks();
  return Math.max(now.steady - told.steady, now.wall - told.wall) / 1000;
}

/** @param {HTMLElement} element @param {string} text */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

function show() {
  const age = 60 - state.seconds_left + since();
  const digits = ended || age >= OLDEST ? null : state.code;
  const shown = digits ? `${digits.slice(0, 3)} ${digits.slice(3)}` : "";
  if (code.dataset.shown !== shown) {
    code.dataset.shown = shown;
    const groups = shown.split(" ").map((group) => {
      const span = document.createElement("span");
      span.textContent = group;
      return span;
    });
    code.replaceChildren(...(groups.length === 2 ? [groups[0] ?? "", " ", groups[1] ?? ""] : []));
  }
  code.hidden = !shown;
  left.hidden = !shown;
  left.value = Math.max(0, state.seconds_left - since());
  say(note, shown ? "" : ended ? (setup.words.ended ?? "") : state.code ? (setup.words.stale ?? "") : (state.note ?? ""));
  say(part("title", HTMLElement), state.title);
  say(part("of", HTMLElement), state.of ?? "");
  say(part("day", HTMLElement), state.day);
  say(part("tally", HTMLElement), state.tally);
  const words = failures && !ended ? (setup.words.offline ?? "") : "";
  if (net.textContent !== words) net.textContent = words;
}

/** @returns {Promise<State>} */
async function answer() {
  const response = await fetch(setup.address, {
    cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(HUNG),
  });
  if (response.status === 404 || response.status === 410) {
    // A page of a captive portal may say 404 too; only ours says it in JSON.
    await response.json();
    ended = true;
    return state;
  }
  const given = await response.json();
  if (!response.ok || typeof given.seconds_left !== "number") throw new Error("no answer of ours");
  return given;
}

async function ask() {
  clearTimeout(next);
  const asked = clocks();
  try {
    state = await answer();
    told = asked; // an answer that was long on its way is that old
    failures = 0;
  } catch {
    failures += 1;
  }
  show();
  if (ended) return;
  const pause = failures ? Math.min(2 ** failures, LONGEST_PAUSE) : Math.min(EVERY, state.seconds_left + 0.3);
  clearTimeout(next);
  next = setTimeout(() => void ask(), pause * 1000);
}

async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // battery saving; then the screen sleeps
  }
}

const full = part("full", HTMLButtonElement);
full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", () => void document.documentElement.requestFullscreen().catch(() => (full.hidden = true)));
document.addEventListener("fullscreenchange", () => full.toggleAttribute("hidden", document.fullscreenElement !== null));
document.addEventListener("visibilitychange", () => {
  if (document.hidden || ended) return;
  void ask();
  void stayAwake();
});
addEventListener("online", () => void ask());

setInterval(show, 1000);
show();
void stayAwake();
next = setTimeout(() => void ask(), Math.min(EVERY, state.seconds_left + 0.3) * 1000);
