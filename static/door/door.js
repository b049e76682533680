/**
 * The scanner: a code from camera, photo, keyboard or hand scanner becomes a scan with an id and a time, the answer fills the screen,
 * and the camera comes back by itself.
 */
import { Camera, InView, loadDecoder } from "./camera.js";
import { Sender } from "./sender.js";
import { fill, part, readSetup, uuid } from "./setup.js";
import { allowSound, signal } from "./signals.js";
import { listenForHandScanner } from "./wedge.js";
import { wording } from "./wording.js";

const SECONDS = { go: 2, wait: 4, stop: 8 };
const UNDO_SECONDS = 10;
const LATE = 2500; // ms until the screen says that there is no answer yet
const KEPT = 50; // lines of the last-scans list, so that memory stays flat

const ICONS = {
  go: '<circle cx="12" cy="12" r="10.2"/><path d="m7 12.4 3.4 3.4L17.2 9"/>',
  wait: '<circle cx="12" cy="12" r="10.2"/><path d="M12 6.4V12l3.4 3.2"/>',
  stop: '<path d="M7.8 2h8.4L22 7.8v8.4L16.2 22H7.8L2 16.2V7.8z"/><path d="m8.6 8.6 6.8 6.8m0-6.8-6.8 6.8"/>',
};

const setup = readSetup();
/** @param {string} key */
const word = (key) => setup.words[key] ?? key;
const body = document.body;
const views = { camera: part("camera", HTMLElement), verdict: part("verdict", HTMLElement), last: part("last", HTMLElement) };
const controls = {
  camera: part("ctl-camera", HTMLDivElement),
  code: part("ctl-code", HTMLFormElement),
  verdict: part("ctl-verdict", HTMLDivElement),
  reason: part("ctl-reason", HTMLFormElement),
  last: part("ctl-last", HTMLDivElement),
};
const code = part("code", HTMLInputElement);
const reason = part("reason", HTMLInputElement);
const hold = part("hold", HTMLButtonElement);
const undo = part("undo", HTMLButtonElement);
const letIn = part("let-in", HTMLButtonElement);
const torch = part("torch", HTMLButtonElement);
const aim = part("aim", HTMLElement);

const inView = new InView();
/** @type {import("./sender.js").Scan | null} the scan whose answer is shown or awaited */
let current = null;
/** @type {import("./sender.js").Scan | null} */
let undoable = null;
let undoUntil = 0;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let late;
let ended = false;

// --- what is shown ---

/** @param {keyof typeof views} view @param {keyof typeof controls} control */
function show(view, control) {
  for (const [name, element] of Object.entries(views)) element.hidden = name !== view;
  for (const [name, element] of Object.entries(controls)) element.hidden = name !== control;
  body.classList.toggle("door--half", view === "verdict");
}

function toCamera() {
  clearInterval(ticking);
  current = null;
  show("camera", "camera");
}

/** @param {import("./sender.js").Answer} answer @param {import("./sender.js").Scan} scan */
function showAnswer(answer, scan) {
  const shown = wording(answer, setup, new Date());
  const answers = part("answer", HTMLElement);
  views.verdict.className = `verdict verdict--${shown.tone}`;
  show("verdict", "verdict");
  const icon = document.createElement("div");
  icon.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.4" aria-hidden="true">${ICONS[shown.tone]}</svg>`;
  const title = document.createElement("h2");
  title.textContent = shown.title;
  const lines = [shown.who, ...shown.notes].filter(Boolean).map((text) => {
    const line = document.createElement("p");
    line.textContent = text;
    line.className = text === shown.who ? "who2" : "";
    return line;
  });
  answers.replaceChildren(...icon.children, title, ...lines);
  signal(shown.tone);
  letIn.hidden = !(setup.overrides && answer.overridable && (scan.code ?? "") !== "");
  undoable = ["admitted", "left"].includes(answer.verdict) ? scan : null;
  undoUntil = performance.now() + UNDO_SECONDS * 1000;
  countDown(SECONDS[shown.tone]);
}

/** @param {number} seconds until the camera comes back; the way to undo lasts longer, so it keeps the screen while in use */
function countDown(seconds) {
  clearInterval(ticking);
  hold.setAttribute("aria-pressed", "false");
  hold.textContent = word("hold");
  const bar = part("bar", HTMLElement);
  bar.style.setProperty("--back", `${seconds}s`);
  bar.classList.remove("running");
  void bar.offsetWidth; // the animation starts anew
  bar.classList.add("running");
  let until = performance.now() + seconds * 1000;
  const tick = () => {
    const now = performance.now();
    const held = hold.getAttribute("aria-pressed") === "true";
    if (held) until = now + seconds * 1000;
    views.verdict.classList.toggle("verdict--held", held);
    const left = Math.ceil((until - now) / 1000);
    part("back", HTMLElement).textContent = held ? word("held") : fill(word("back"), { n: Math.max(left, 1) });
    const undoLeft = Math.ceil((undoUntil - now) / 1000);
    undo.hidden = !undoable || undoLeft <= 0;
    undo.textContent = fill(word("undo"), { n: undoLeft });
    if (left <= 0) toCamera();
  };
  tick();
  ticking = setInterval(tick, 200);
}

/** @param {import("./sender.js").Answer} answer @param {import("./sender.js").Scan} scan */
function remember(answer, scan) {
  const shown = wording(answer, setup, new Date());
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: setup.zone }).format(new Date(scan.scanned_at));
  const line = document.createElement("li");
  line.className = "hit";
  const who = document.createElement("strong");
  who.textContent = shown.who || shown.title;
  const what = document.createElement("span");
  what.textContent = shown.who ? `${time} · ${shown.title}` : time;
  const words = document.createElement("div");
  words.append(who, what);
  line.append(words);
  if (["admitted", "left"].includes(answer.verdict)) {
    const back = document.createElement("button");
    back.type = "button";
    back.className = "btn btn-quiet";
    back.textContent = part("last", HTMLElement).dataset.undo ?? "";
    back.setAttribute("aria-label", `${back.textContent}: ${shown.who}`);
    back.addEventListener("click", () => {
      back.remove();
      takeBack(scan);
    });
    line.append(back);
  }
  const list = part("last-list", HTMLOListElement);
  list.prepend(line);
  while (list.children.length > KEPT) list.lastElementChild?.remove();
  part("last-none", HTMLElement).hidden = true;
  part("latest", HTMLElement).textContent = shown.who ? `${shown.who}, ${time}` : "";
}

// --- sending ---

const sender = new Sender(setup.scans, setup.language, {
  answered(answer, scan) {
    remember(answer, scan);
    if (scan !== current) return;
    clearTimeout(late);
    showAnswer(answer, scan);
  },
  present(present) {
    part("present", HTMLElement).textContent = String(present);
  },
  connection(online, waiting) {
    const net = part("net", HTMLElement);
    net.classList.toggle("net--ok", online);
    const count = waiting === 1 ? word("waiting_one") : fill(word("waiting_many"), { n: waiting });
    const text = [online ? word("online") : word("offline"), ...(waiting ? [count] : [])].join("\n");
    const words = part("net-words", HTMLElement);
    if (words.textContent !== text) words.textContent = text;
    if (!online && current && sender.waiting.has(current.scan_id)) showLate();
  },
  ended() {
    ended = true;
    camera.stop();
    toCamera();
    showTrouble(word("ended"), false);
    for (const each of document.querySelectorAll(".ctl button, .ctl label")) each.toggleAttribute("hidden", true);
  },
});

/** Nothing came back: said as it is, while the scan goes on trying under its id. */
function showLate() {
  clearTimeout(late);
  if (!current || controls.verdict.hidden === false) return;
  const scan = current;
  showAnswer({ scan_id: scan.scan_id, verdict: "refused", reason: "waiting", name: null, first_scan: null }, scan);
}

/** @param {Partial<import("./sender.js").Scan>} what */
function send(what) {
  if (ended) return;
  current = { scan_id: uuid(), scanned_at: new Date().toISOString(), ...what };
  clearInterval(ticking);
  clearTimeout(late);
  late = setTimeout(showLate, LATE);
  sender.send(current);
}

/** @param {string} text @param {"qr" | "code"} method */
function scanned(text, method) {
  // One answer is read before the next is asked for; the code may stay in view meanwhile.
  if (current || !controls.reason.hidden) return false;
  send({ code: text, method });
  return true;
}

/** @param {import("./sender.js").Scan} scan */
function takeBack(scan) {
  undoable = null;
  send({ undoes: scan.scan_id });
}

// --- camera ---

/** @param {string} text @param {boolean} again whether trying again may help */
function showTrouble(text, again) {
  part("trouble-words", HTMLElement).textContent = text;
  part("try-again", HTMLButtonElement).hidden = !again;
  part("trouble", HTMLElement).hidden = false;
  aim.parentElement?.toggleAttribute("hidden", true);
}

const camera = new Camera(part("video", HTMLVideoElement), {
  seen(text) {
    if (inView.isNew(text) && !scanned(text, "qr") && text !== current?.code) inView.forget(text);
  },
  trouble(what) {
    showTrouble(word(what), what !== "insecure");
  },
  ready(cameras, hasTorch) {
    part("trouble", HTMLElement).hidden = true;
    aim.parentElement?.toggleAttribute("hidden", false);
    aim.textContent = word("aim");
    part("other-camera", HTMLButtonElement).hidden = cameras < 2;
    torch.hidden = !hasTorch;
    torch.setAttribute("aria-pressed", "false");
    torch.textContent = word("torch_on");
  },
});

async function startCamera() {
  if (isSecureContext) aim.textContent = word("asking");
  await camera.start();
  try {
    camera.decode ??= await loadDecoder(setup.reader, setup.wasm);
  } catch {
    showTrouble(word("no_decoder"), false);
  }
}

// --- controls ---

/** @param {string} id @param {() => void} act */
const press = (id, act) => part(id, HTMLElement).addEventListener("click", act);

press("try-again", () => void camera.start());
press("other-camera", () => void camera.other());
press("torch", async () => {
  const on = await camera.switchTorch();
  torch.setAttribute("aria-pressed", String(on));
  torch.textContent = word(on ? "torch_off" : "torch_on");
});
press("type-code", () => {
  show("camera", "code");
  code.value = "";
  code.focus();
});
press("show-last", () => show("last", "last"));
press("next", toCamera);
press("hold", () => {
  const held = hold.getAttribute("aria-pressed") !== "true";
  hold.setAttribute("aria-pressed", String(held));
  hold.textContent = word(held ? "released" : "hold");
});
press("undo", () => {
  if (undoable) takeBack(undoable);
});
press("let-in", () => {
  clearInterval(ticking);
  views.verdict.classList.add("verdict--held");
  part("back", HTMLElement).textContent = "";
  show("verdict", "reason");
  reason.value = "";
  reason.focus();
});
for (const back of document.querySelectorAll("[data-back]")) back.addEventListener("click", toCamera);
controls.code.addEventListener("submit", (event) => {
  event.preventDefault();
  current = null;
  scanned(code.value, "code");
  show("camera", "camera");
});
controls.reason.addEventListener("submit", (event) => {
  event.preventDefault();
  const { code: text, method } = current ?? {};
  if (text) send({ code: text, method: method ?? "qr", override_reason: reason.value });
});
part("photo", HTMLInputElement).addEventListener("change", async (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  try {
    camera.decode ??= await loadDecoder(setup.reader, setup.wasm);
    const text = await camera.decode(file);
    if (text) scanned(text, "qr");
    else showTrouble(word("no_code_in_photo"), true);
  } catch {
    showTrouble(word("no_code_in_photo"), true);
  }
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape") toCamera();
});
addEventListener("pointerdown", allowSound);
addEventListener("keydown", allowSound);
listenForHandScanner((text) => {
  toCamera();
  scanned(text, "qr");
});

// A phone that was locked gives its camera back only when asked (INTEROP D67); its screen should not lock at all.
async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // battery saving; then the screen sleeps
  }
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden || ended) {
    camera.stop();
    return;
  }
  void sender.now();
  void camera.start();
  void stayAwake();
});
addEventListener("pagehide", () => camera.stop());

void sender.now();
void stayAwake();
void startCamera();
