/**
 * The scanner: a code from camera, photo, keyboard, hand scanner or search becomes a scan; our own rulebook answers it from the list at
 * once, the server judges it when there is a connection, and the camera comes back by itself.
 *
 * What the server says in time replaces our verdict on the screen. What it says too late, the screen having shown something else, is
 * told to it (`shown`), because what the person at the door heard is the fact (DESIGN 6).
 */
import { AnswerView, UNDO_SECONDS } from "./answer.js";
import { Camera, InView, loadDecoder } from "./camera.js";
import { Clock } from "./clock.js";
import { Finder } from "./finder.js";
import { List } from "./list.js";
import { Memory } from "./memory.js";
import { More } from "./more.js";
import { fill, forgetSettings, part, readSetup, uuid } from "./setup.js";
import { allowSound } from "./signals.js";
import { askToStay, openStore } from "./store.js";
import { Sync } from "./sync.js";
import { importKeys, understand } from "./ticket.js";
import { dayOf } from "./verdict.js";
import { WalkIn } from "./walkin.js";
import { listenForHandScanner } from "./wedge.js";
import { calendar, wording } from "./wording.js";

/** @typedef {import("./store.js").Kept} Kept */
/** @typedef {import("./setup.js").Answer} Answer */
/** @typedef {import("./setup.js").Item} Item */
/** @typedef {import("./list.js").Reading} Reading */

const LATE = 1500; // ms to wait for the server where our own list is not sure
const AGAIN = 350; // ms a green verdict stands before the next code may take its place
const KEPT = 50; // lines of the last-scans list, so that memory stays flat
const MEMORY = 36 * 3600_000; // ms for which own scans are remembered
const OLD = 3600_000; // ms after which a list is called old

/** Refusals that a newer list might lift: with a connection the server's word is awaited. */
const UNSURE = new Set(["unknown", "waitlisted", "pending", "expired", "wrong_session", "full", "not_inside", "replaced"]);

const setup = readSetup();
/** @param {string} key */
const word = (key) => setup.words[key] ?? key;
const body = document.body;
const kiosk = setup.role === "kiosk";
const views = {
  camera: part("camera", HTMLElement),
  verdict: part("verdict", HTMLElement),
  last: part("last", HTMLElement),
  find: part("find", HTMLElement),
  walk: part("walk-view", HTMLElement),
  more: part("more", HTMLElement),
};
const controls = {
  camera: part("ctl-camera", HTMLDivElement),
  code: part("ctl-code", HTMLFormElement),
  verdict: part("ctl-verdict", HTMLDivElement),
  reason: part("ctl-reason", HTMLFormElement),
  find: part("ctl-find", HTMLDivElement),
  walk: part("ctl-walk", HTMLDivElement),
  back: part("ctl-back", HTMLDivElement),
};
const code = part("code", HTMLInputElement);
const reason = part("reason", HTMLInputElement);
const undo = part("undo", HTMLButtonElement);
const undoLast = part("undo-last", HTMLButtonElement);
const letIn = part("let-in", HTMLButtonElement);
const badge = part("badge", HTMLButtonElement);
const torch = part("torch", HTMLButtonElement);
const aim = part("aim", HTMLElement);
const times = calendar(setup);

const list = new List();
const inView = new InView();
const clock = new Clock();
/** @type {import("./store.js").Store | Memory} */
let store = new Memory();
let keeps = false;
/** @type {import("./ticket.js").Keys | null} */
let keys = null;
let keysOf = "";
/** @type {Sync | null} */
let sync = null;
/** @type {Kept | null} the scan whose verdict is shown or awaited */
let current = null;
/** @type {Kept | null} */
let undoable = null;
let undoUntil = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let late;
let busy = false;
let working = Promise.resolve();
/** @type {Promise<void>} */
let turn = Promise.resolve();
/** When the last code was seen. */
let started = 0;
let measured = "";
let ended = false;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(`door-${setup.door}`) : null;

// --- what is shown ---

/** @param {keyof typeof views} view @param {keyof typeof controls} control */
function show(view, control) {
  const focused = document.activeElement;
  for (const [name, element] of Object.entries(views)) element.hidden = name !== view;
  for (const [name, element] of Object.entries(controls)) element.hidden = name !== control;
  body.classList.toggle("door--half", view === "verdict");
  body.classList.toggle("door--page", view === "find" || view === "walk" || view === "more" || view === "last");
  // Whoever moves by keyboard goes on where the hands are, not at the top of the page.
  if (focused instanceof HTMLElement && focused !== body && !focused.checkVisibility()) {
    const next = controls[control].querySelector(".btn-primary:not([hidden])");
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  }
}

/** @param {keyof typeof views} view @param {keyof typeof controls} control */
function leaveTo(view, control) {
  answers.close();
  current = null;
  show(view, control);
}

function toCamera() {
  leaveTo("camera", "camera");
  updateIfIdle();
}

const answers = new AnswerView(setup, { back: toCamera, confirm: () => more.mode === "confirm" });

/** Shows the verdict that a scan has by now. @param {Kept} kept */
function present(kept) {
  clearTimeout(late);
  const offline = !sync?.online && keeps && !kept.item.undoes;
  show("verdict", "verdict");
  answers.show(kept, clock.now(), { note: offline && !kiosk ? word("kept_here") : "", listAt: list.head?.now ?? null });
  const { verdict, overridable } = kept.answer;
  const again = Boolean(kept.item.code ?? kept.item.registration ?? kept.item.walk_in);
  requestAnimationFrame(() => measure(kept));
  letIn.hidden = !(setup.role === "steward" && overridable && again);
  badge.hidden = !(setup.badges && kept.registration && ["admitted", "already_in"].includes(verdict));
  if (undoable?.scan_id !== kept.scan_id) undoUntil = performance.now() + UNDO_SECONDS * 1000;
  undoable = ["admitted", "left"].includes(verdict) && !kiosk ? kept : null;
  showUndo();
}

/** How long people waited for this verdict, for whoever looks into the browser's own timings. @param {Kept} kept */
function measure(kept) {
  if (measured === kept.scan_id) return;
  measured = kept.scan_id;
  if (performance.getEntriesByName("door-verdict").length > 500) performance.clearMeasures("door-verdict");
  performance.measure("door-verdict", { start: started, end: performance.now() });
}

function showUndo() {
  const left = Math.ceil((undoUntil - performance.now()) / 1000);
  for (const button of [undo, undoLast]) {
    button.hidden = !undoable || left <= 0;
    button.textContent = fill(word("undo"), { n: left });
  }
}
setInterval(showUndo, 250);

/** Nothing came back in time: our own verdict stands, or that the scan is kept; what cannot be kept is refused. @param {Kept} kept */
function showLate(kept) {
  if (current?.scan_id !== kept.scan_id) return;
  if (keeps) return present(kept);
  void store.drop(kept.scan_id);
  list.takeBack(kept.scan_id);
  toCamera();
  return showTrouble(word("no_storage"), true);
}

/** @param {Kept} kept */
function addLine(kept) {
  if (kiosk) return;
  const { answer, item } = kept;
  const shown = wording(answer, setup, clock.now(), { listAt: list.head?.now ?? null });
  const time = times.time(item.scanned_at);
  const line = document.createElement("li");
  line.className = "hit";
  line.dataset.scan = kept.scan_id;
  const words = document.createElement("div");
  const who = document.createElement("strong");
  who.textContent = shown.who || shown.title;
  const what = document.createElement("span");
  what.textContent = [time, shown.who ? shown.title : "", kept.waiting ? word("waits") : ""].filter(Boolean).join(" · ");
  words.append(who, what);
  line.append(words);
  const lines = part("last-list", HTMLOListElement);
  if (item.undoes) lines.querySelector(`[data-scan="${item.undoes}"] button`)?.remove();
  if (["admitted", "left"].includes(answer.verdict) && !list.undone.has(kept.scan_id)) {
    const back = document.createElement("button");
    back.type = "button";
    back.className = "btn btn-quiet";
    back.textContent = part("last", HTMLElement).dataset.undo ?? "";
    back.setAttribute("aria-label", `${back.textContent}: ${shown.who}`);
    back.addEventListener("click", () => {
      back.remove();
      takeBack(kept);
    });
    line.append(back);
  }
  const before = lines.querySelector(`[data-scan="${kept.scan_id}"]`);
  if (before) before.replaceWith(line);
  else lines.prepend(line);
  while (lines.children.length > KEPT) lines.lastElementChild?.remove();
  part("last-none", HTMLElement).hidden = true;
  const latest = part("latest", HTMLButtonElement);
  if (lines.firstElementChild !== line || !shown.who) return;
  latest.textContent = `${shown.who}, ${time}`;
  latest.hidden = false;
}

function showTally() {
  const moment = clock.now().toISOString();
  if (!list.head) return;
  part("present", HTMLElement).textContent = String(list.present(moment));
  part("expected", HTMLElement).textContent = String(list.head.expected);
  const age = clock.ms() - Date.parse(list.head.now);
  const state = part("list-age", HTMLElement);
  state.textContent = fill(word("list_from"), { time: times.dayTime(list.head.now, clock.now()) });
  state.classList.toggle("old", age > OLD);
  part("list-about", HTMLElement).textContent = fill(word("list_about"), {
    n: list.people.size,
    time: times.dayTime(list.head.now, clock.now()),
  });
}

function showSessions() {
  const head = list.head;
  if (!head) return;
  const ids = head.door.sessions ?? [];
  const now = clock.ms();
  const sessions = (head.sessions ?? []).filter(({ id, cancelled }) => ids.includes(id) && !cancelled);
  // The one that is on, else the one whose start is nearest.
  const [nearest] = [...sessions].sort((a, b) => Math.abs(Date.parse(a.starts_at) - now) - Math.abs(Date.parse(b.starts_at) - now));
  const on = sessions.find(({ starts_at, ends_at }) => Date.parse(starts_at) <= now && now <= Date.parse(ends_at));
  more.offer(
    sessions.map(({ id, title, starts_at }) => ({ id, title: `${times.time(starts_at)} ${title}` })),
    (on ?? nearest)?.id ?? null,
  );
  showMode();
}

/** Direction and session stand in the head: whoever forgets that the scanner counts exits must see it. */
function showMode() {
  const out = more.direction === "out";
  const chosen = more.session.selectedOptions[0]?.textContent ?? "";
  part("mode-words", HTMLElement).textContent = [out ? word("out_mode") : "", more.session.options.length > 1 ? chosen : ""].filter(Boolean).join(" · ");
  body.classList.toggle("door--out", out);
}

/** @param {string} text @param {boolean} again whether trying again may help */
function showTrouble(text, again) {
  part("trouble-words", HTMLElement).textContent = text;
  part("try-again", HTMLButtonElement).hidden = !again;
  part("trouble", HTMLElement).hidden = false;
  aim.parentElement?.toggleAttribute("hidden", true);
}

// --- a scan ---

/** What a code is, and whose. @param {string} text @returns {Promise<{reading: Reading, registration: string | null}>} */
async function read(text) {
  if (!keys) return { reading: {}, registration: null };
  const found = await understand(text, keys);
  if ("problem" in found) return { reading: { problem: found.problem }, registration: null };
  if ("code" in found) return { reading: {}, registration: list.codes.get(found.code) ?? null };
  const here = found.event === list.head?.event.id;
  return { reading: found, registration: here ? found.registration : null };
}

/**
 * One scan: judged from the list, kept, shown, sent.
 * @param {Partial<Item>} what @param {Reading} reading @param {string | null} registration @param {string | null} [name] of somebody the list does not know
 */
async function submit(what, reading, registration, name = null) {
  await ready;
  const at = clock.now();
  const chosen = more.session.value || null;
  /** @type {Item} */
  const item = { scan_id: uuid(), scanned_at: at.toISOString(), session: chosen, direction: more.direction, ...what };
  // Without keys nothing can be said of a code, least of all that nobody has it (D31).
  const mute = item.code !== undefined && !keys;
  const ours = item.undoes ? undoneAnswer(item, name) : mute ? null : list.judge(item, reading, registration);
  const live = Boolean(sync?.online);
  if (!keeps && !live) {
    toCamera();
    return showTrouble(word("no_storage"), true);
  }
  const unsure = !ours || ours.provisional || (ours.verdict === "refused" && UNSURE.has(ours.reason ?? ""));
  if (ours && name && ["admitted", "undone"].includes(ours.verdict)) ours.name = name;
  /** @type {Kept} */
  const kept = {
    scan_id: item.scan_id,
    door: setup.door,
    waiting: 1,
    order: at.getTime(),
    item,
    shown: ours && !item.undoes ? ours.verdict : null,
    live,
    tries: 0,
    told: false,
    registration,
    answer: ours ?? { scan_id: item.scan_id, verdict: "refused", reason: "waiting", name: null },
  };
  // The countdown of the answer before must not take this one along.
  answers.close();
  current = kept;
  try {
    await store.keep(kept);
  } catch {
    toCamera();
    return showTrouble(word("storage_full"), true);
  }
  showWaiting(1);
  clearTimeout(late);
  if (live && (unsure || !keeps)) {
    if (!views.verdict.hidden) show("camera", "camera");
    late = setTimeout(showLate, LATE, kept);
  } else present(kept);
  list.remember(kept);
  addLine(kept);
  showTally();
  channel?.postMessage({ kept });
  void sync?.now();
  return undefined;
}

/** @param {Item} item @param {string | null} name @returns {Answer} */
const undoneAnswer = (item, name) => ({ scan_id: item.scan_id, verdict: "undone", reason: null, name });

/** A code before the camera, typed, or from a hand scanner. @param {string} text @param {"qr" | "code"} method */
async function scanned(text, method) {
  // One answer is read before the next is asked for; the code may stay in view meanwhile.
  if (ended || busy || (current && !replaceable(text)) || !controls.reason.hidden) return false;
  // Whoever searches or fills in a form does not see what lies before the camera.
  if (views.camera.hidden && views.verdict.hidden) return false;
  await alone(async () => {
    started = performance.now();
    await ready;
    const { reading, registration } = await read(text);
    await submit({ code: text, method }, reading, registration);
  });
  return true;
}

/** One scan at a time: a button that is pressed again meanwhile is the same press (D05). @param {() => Promise<void>} work */
function alone(work) {
  if (busy) return working;
  busy = true;
  working = work().finally(() => (busy = false));
  return working;
}

/**
 * What somebody typed or a hand scanner read: none is lost, the next waits for the one before.
 * @param {string} text @param {"qr" | "code"} method
 */
function inTurn(text, method) {
  turn = turn
    .then(async () => {
      await working.catch(() => undefined);
      leaveTo("camera", "camera");
      await scanned(text, method);
    })
    .catch(reportError); // the next one has its turn all the same
  return turn;
}

/** Whether another code may take the place of the verdict on the screen: who was let in has passed. @param {string} text */
function replaceable(text) {
  return (
    !views.verdict.hidden && answers.tone === "go" && !answers.held && text !== current?.item.code && performance.now() - answers.since > AGAIN
  );
}

/** @param {Kept} kept */
function takeBack(kept) {
  undoable = null;
  void submit({ undoes: kept.scan_id }, {}, kept.registration, kept.answer.name ?? null);
}

/**
 * The server answered. In time, its word is what the screen shows; too late, what the screen showed is told to it.
 * @param {Kept} kept @param {Answer} answer
 */
async function answered(kept, answer) {
  const differs = kept.shown !== null && kept.shown !== answer.verdict;
  const inTime = current?.scan_id === kept.scan_id;
  if (differs && !inTime && !kept.told) {
    // Sent again by the queue's next round, now with what was shown.
    await store.keep(kept).catch(() => undefined);
    return;
  }
  kept.waiting = 0;
  kept.registration ??= answer.registration ?? null;
  if (!differs || inTime) {
    // Whom the server does not name is not named (D19).
    const { as, org } = kept.answer;
    kept.answer = { ...(as && answer.name ? { as } : {}), ...(org && answer.name ? { org } : {}), ...answer };
    kept.shown = answer.verdict;
  }
  // The server has it: what a full storage cannot note it lets go of.
  await store.keep(kept).catch(() => store.drop(kept.scan_id));
  list.remember(kept);
  addLine(kept);
  showTally();
  channel?.postMessage({ kept });
  if (inTime) {
    current = kept;
    if (controls.reason.hidden) present(kept);
  }
}

// --- camera ---

const camera = new Camera(
  part("video", HTMLVideoElement),
  {
    seen(text) {
      if (!inView.isNew(text)) return;
      void scanned(text, "qr").then((taken) => {
        if (!taken && text !== current?.item.code) inView.forget(text);
      });
    },
    trouble(what) {
      showTrouble(word(what), what !== "insecure");
    },
    ready(cameras, hasTorch) {
      part("trouble", HTMLElement).hidden = true;
      aim.parentElement?.toggleAttribute("hidden", false);
      aim.textContent = word(kiosk ? "aim_kiosk" : "aim");
      part("other-camera", HTMLButtonElement).hidden = cameras < 2;
      torch.hidden = !hasTorch;
      torch.setAttribute("aria-pressed", "false");
      torch.textContent = word("torch_on");
    },
  },
  { facing: kiosk ? "user" : "environment" },
);

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

const more = new More({
  direction: () => {
    showMode();
    showTally();
  },
  session: showMode,
  async warning() {
    const waiting = await store.countWaiting(setup.door);
    return waiting ? fill(word("forget_waiting"), { n: waiting }) : "";
  },
  forget,
});

const finder = new Finder(setup, list, {
  chosen: (person) => void alone(() => submit({ registration: person.id, method: "search" }, {}, person.id)),
  state(person) {
    const moment = clock.now().toISOString();
    const session = list.session(more.session.value || null);
    const earlier = list.earlier(person.id, session, moment);
    const out = more.direction === "out";
    if (earlier.inside && !out) return { text: fill(word("inside_since"), { time: times.time(earlier.first_scan?.scanned_at) }), kind: "ok", passes: false };
    if (!earlier.inside && out) return { text: word("not_here"), kind: "off", passes: false };
    if (person.status !== "confirmed") return { text: setup.verdicts[person.status]?.title ?? person.status, kind: "wait", passes: true };
    return { text: earlier.first_scan && !out ? word("went_out") : "", kind: "off", passes: true };
  },
});

const walkIn = new WalkIn(list, (values) => {
  // Whoever is registered here comes in, whatever else is counted.
  void alone(() => submit({ walk_in: values, direction: "in" }, {}, null, `${values.first_name} ${values.last_name}`));
});

press("try-again", () => void startCamera());
press("other-camera", () => void camera.other());
press("torch", async () => {
  const on = await camera.switchTorch();
  torch.setAttribute("aria-pressed", String(on));
  torch.textContent = word(on ? "torch_off" : "torch_on");
});
for (const button of document.querySelectorAll("[data-code]")) {
  button.addEventListener("click", () => {
    show("camera", "code");
    code.value = "";
    code.focus();
  });
}
press("open-find", () => {
  show("find", "find");
  finder.open();
});
if (setup.role === "steward") press("open-walk", () => {
  const typed = finder.query.value;
  show("walk", "walk");
  walkIn.open(typed);
});
press("open-more", () => {
  showTally();
  show("more", "back");
  part("more", HTMLElement).scrollTop = 0;
});
for (const button of document.querySelectorAll("[data-last], #latest")) button.addEventListener("click", () => leaveTo("last", "back"));
if (kiosk) {
  // No button leads out of self check-in; staff hold the entrance's name for three seconds.
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let holding;
  const name = document.querySelector(".door-top h1");
  name?.addEventListener("pointerdown", () => (holding = setTimeout(() => leaveTo("more", "back"), 3000)));
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) name?.addEventListener(end, () => clearTimeout(holding));
}
press("refresh", () => void sync?.now());
press("next", toCamera);
for (const button of [undo, undoLast]) button.addEventListener("click", () => undoable && takeBack(undoable));
press("let-in", () => {
  answers.pause();
  show("verdict", "reason");
  reason.value = "";
  reason.focus();
});
press("badge", () => {
  answers.setHeld(true);
  void printBadge();
});
for (const back of document.querySelectorAll("[data-back]")) back.addEventListener("click", toCamera);
controls.code.addEventListener("submit", (event) => {
  event.preventDefault();
  void inTurn(code.value, "code");
});
controls.reason.addEventListener("submit", (event) => {
  event.preventDefault();
  const kept = current;
  if (!kept) return toCamera();
  const { code: text, registration, method, walk_in } = kept.item;
  const what = { ...(text ? { code: text } : {}), ...(registration ? { registration } : {}), ...(method ? { method } : {}), ...(walk_in ? { walk_in } : {}) };
  void alone(async () => {
    const found = text ? await read(text) : { reading: {}, registration: kept.registration };
    const name = walk_in ? `${walk_in.first_name} ${walk_in.last_name}` : null;
    await submit({ ...what, direction: kept.item.direction ?? "in", override_reason: reason.value }, found.reading, found.registration, name);
  });
  return undefined;
});
part("photo", HTMLInputElement).addEventListener("change", async (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  show("camera", "camera");
  try {
    camera.decode ??= await loadDecoder(setup.reader, setup.wasm);
    const text = await camera.decode(file);
    if (text) void inTurn(text, "qr");
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
  void inTurn(text, "qr");
});

/** The label as a picture from the server; without a connection the name alone, large. */
async function printBadge() {
  const kept = current;
  if (!kept?.registration) return;
  // Where the list masks names, the server gives the badge of somebody whose scan it has.
  for (let tries = 0; kept.waiting && sync?.online && tries < 15; tries += 1) await new Promise((resolve) => setTimeout(resolve, 200));
  const picture = part("badge-picture", HTMLImageElement);
  const text = part("badge-text", HTMLElement);
  text.replaceChildren();
  picture.hidden = false;
  picture.src = setup.badge.replace("ID", kept.registration);
  const there = await picture.decode().then(() => true, () => false);
  if (!there) {
    picture.hidden = true;
    const name = document.createElement("strong");
    name.textContent = kept.answer.name ?? "";
    const about = document.createElement("span");
    about.textContent = kept.answer.org ?? "";
    text.replaceChildren(name, about);
  }
  print();
}

// --- keeping up ---

/** Whether anything is still to be sent, for style sheets and whoever watches. @param {number} waiting */
function showWaiting(waiting) {
  body.dataset.waiting = String(waiting);
}

/** @param {boolean} online @param {number} waiting */
function showConnection(online, waiting) {
  showWaiting(waiting);
  const net = part("net", HTMLElement);
  net.classList.toggle("net--ok", online && keeps);
  const count = waiting === 1 ? word("waiting_one") : fill(word("waiting_many"), { n: waiting });
  const text = [keeps ? word(online ? "online" : "offline") : word("keeps_nothing"), ...(waiting ? [count] : [])].join("\n");
  const words = part("net-words", HTMLElement);
  if (words.textContent !== text) words.textContent = text;
  if (!online && current && views.verdict.hidden && controls.verdict.hidden) showLate(current);
}

async function readKeys() {
  const raw = list.head?.keys ?? [];
  if (keys && keysOf === raw.join()) return;
  keys = raw.length ? await importKeys(raw, setup.ed25519).catch(() => null) : null;
  keysOf = raw.join();
}

async function listed() {
  // Prolonged meanwhile, or moved with its event: what had ended begins again.
  if (ended && list.head?.door.ends_at && clock.ms() < Date.parse(list.head.door.ends_at)) return location.reload();
  await store.set("offset", clock.offset).catch(() => undefined);
  await readKeys();
  showSessions();
  showTally();
  if (!views.find.hidden) finder.show();
  channel?.postMessage({ listed: list.head?.version });
}

/** The pass ended or was revoked: the list goes, the scanner rests; what waits is still sent. */
async function end(text = word("ended")) {
  if (ended) return;
  ended = true;
  list.forget();
  camera.stop();
  await store.wipeList(setup.door);
  await forgetPages();
  toCamera();
  showTrouble(text, false);
  for (const each of document.querySelectorAll(".door-ctl button, .door-ctl label, .door-ctl .tally")) each.toggleAttribute("hidden", true);
}

/** "Forget this device": everything of this door goes, scans that wait too - said before. */
async function forget() {
  if (sync) sync.stopped = true;
  await sync?.alone(() => store.wipe(setup.door));
  channel?.postMessage({ forgotten: true });
  forgetSettings();
  await end(word("forgotten"));
}

async function forgetPages() {
  if (!("caches" in globalThis)) return;
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) if (new URL(request.url).pathname.startsWith(setup.page)) await cache.delete(request);
  }
}

channel?.addEventListener("message", async ({ data }) => {
  if (data.kept) {
    list.remember(data.kept);
    addLine(data.kept);
    showTally();
  } else if (data.forgotten) {
    if (sync) sync.stopped = true;
    await end(word("forgotten"));
  } else if (data.listed && data.listed !== list.head?.version) {
    const kept = await store.list(setup.door);
    // A list without news is not written: then this tab may know the newer one.
    if (!kept || Date.parse(kept.head.now) <= Date.parse(list.head?.now ?? "1970-01-01")) return;
    list.take({ ...kept.head, complete: true }, kept.people);
    await readKeys();
    showTally();
  }
});

setInterval(() => {
  const until = list.head?.door.ends_at;
  if (until && clock.ms() > Date.parse(until) && !ended) void end();
  if (list.head && navigator.onLine === false) showTally();
}, 5000);

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
  void sync?.now();
  void camera.start();
  void stayAwake();
});
addEventListener("pagehide", () => camera.stop());

// --- the app itself ---

let newVersion = false;

/** A new version is taken when nobody is being served; the queue lies in the store. */
function updateIfIdle() {
  if (newVersion && !current && !busy && !views.camera.hidden && !controls.camera.hidden) location.reload();
}

async function install() {
  if (!("serviceWorker" in navigator)) return;
  let had = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    newVersion = had;
    had = true;
    updateIfIdle();
  });
  try {
    const registration = await navigator.serviceWorker.register(setup.worker, { scope: "/door/" });
    // This page was loaded before there was a worker: it is handed over, so that it opens without a network the next time.
    const worker = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    const kept = new Promise((resolve) => {
      port1.onmessage = resolve;
      setTimeout(resolve, 10_000);
    });
    const links = [...document.querySelectorAll("link")].map((each) => each.href);
    const more = links.filter((href) => href && !new URL(href).pathname.startsWith("/static/"));
    worker.active?.postMessage({ page: location.href, more }, [port2]);
    await kept;
    setInterval(() => void registration.update().catch(() => undefined), 3600_000);
  } catch {
    // a private window; the door says by itself that it keeps nothing
  }
}

/** The store and what it holds: from here on scans are taken. */
async function open() {
  let over = false;
  const opened = await openStore().catch(() => null);
  if (opened) {
    store = opened;
    keeps = true;
    clock.offset = (await store.get("offset")) ?? 0;
    for (const door of await store.ended(clock.ms())) {
      await store.wipeList(door);
      over ||= door === setup.door;
    }
  }
  const kept = await store.list(setup.door);
  if (kept) {
    list.take({ ...kept.head, complete: true }, kept.people);
    await listed();
  }
  const scans = await store.scansSince(setup.door, clock.ms() - MEMORY);
  for (const each of scans) list.remember(each);
  const today = dayOf(clock.ms(), setup.zone);
  for (const each of scans.slice(-KEPT)) if (dayOf(each.item.scanned_at, setup.zone) === today) addLine(each);
  showTally();
  sync = new Sync({ setup, store, list, clock }, { answered, listed, connection: showConnection, ended: () => end(), unkept: warnFull });
  showConnection(sync.online, await store.countWaiting(setup.door));
  if (over) await end();
}

function warnFull() {
  part("warning", HTMLElement).textContent = word("storage_full");
}

async function start() {
  await ready;
  const { room } = keeps ? await askToStay() : { room: true };
  if (!keeps) part("warning", HTMLElement).textContent = word("no_storage");
  else if (!room) warnFull();
  await sync?.now();
  await install();
  body.dataset.ready = "true";
}

const ready = open();
void stayAwake();
void startCamera();
void start();
