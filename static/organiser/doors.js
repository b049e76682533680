/**
 * The Door tab and the big counter: the code of a door is a key and hides again after a minute, its address can be copied, figures are
 * fetched every five seconds while somebody looks, and arrivals are drawn as bars. Without JavaScript the tables stay as they came.
 */

/** @typedef {{inside: number, came: number}} Counted */
/** @typedef {Counted & {expected: number, to_settle: number, doors: Record<string, number>, sessions: (Counted & {id: string})[], arrivals: [string, number][]}} Figures */

const EVERY = 5_000;
const PATIENCE = 10_000;
const SLOWEST = 60_000;

for (const details of document.querySelectorAll("details[data-seconds]")) {
  if (!(details instanceof HTMLDetailsElement)) continue;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const hideLater = () => {
    clearTimeout(timer);
    if (details.open) timer = setTimeout(() => (details.open = false), Number(details.dataset.seconds) * 1000);
  };
  details.addEventListener("toggle", hideLater);
  hideLater();
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement) || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.copied ?? "";
  });
}

// --- arrivals as bars ---

const area = document.querySelector("[data-arrivals]");
const frame = document.querySelector(".arrivals-chart");
const canvas = frame?.querySelector("canvas");
/** @type {typeof import("chart.js").Chart | undefined} */
const Chart = /** @type {any} */ (globalThis).Chart;
/** @type {import("chart.js").Chart<"bar", number[], string> | undefined} */
let chart;

/** A colour of the style sheet as it is in this look. @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @param {[string, number][]} arrivals */
function draw(arrivals) {
  if (!Chart || !(canvas instanceof HTMLCanvasElement) || !(frame instanceof HTMLElement) || !arrivals.length) return;
  const [labels, numbers] = [arrivals.map(([time]) => time), arrivals.map(([, number]) => number)];
  if (chart) {
    chart.data.labels = labels;
    if (chart.data.datasets[0]) chart.data.datasets[0].data = numbers;
    chart.update("none");
    return;
  }
  frame.hidden = false;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 13;
  const border = { display: false };
  // Colours are functions, so that each drawing takes those of the look in force.
  chart = new Chart(canvas, {
    type: "bar",
    data: {
      labels,
      datasets: [
        { label: canvas.dataset.came ?? "", data: numbers, backgroundColor: () => colour("--hub"), barPercentage: 1, categoryPercentage: 0.86 },
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      plugins: { legend: { display: false }, tooltip: { displayColors: false } },
      scales: {
        x: { border, grid: { display: false }, ticks: { color: () => colour("--ink-2"), maxRotation: 0, autoSkipPadding: 16 } },
        y: { border, grid: { color: () => colour("--line") }, ticks: { color: () => colour("--ink-2"), precision: 0 }, beginAtZero: true, suggestedMax: 4 },
      },
    },
  });
}

/** @param {[string, number][]} arrivals */
function list(arrivals) {
  const body = area?.querySelector("tbody");
  if (!body || !(area instanceof HTMLElement)) return;
  let together = 0;
  const rows = [];
  for (const [time, number] of arrivals) {
    together += number;
    if (!number) continue;
    const row = document.createElement("tr");
    for (const [place, text] of [time, number, together].entries()) {
      const cell = row.insertCell();
      cell.textContent = String(text);
      if (place) cell.className = "n";
    }
    rows.push(row);
  }
  body.replaceChildren(...rows);
  area.hidden = !rows.length;
  const nobody = document.querySelector("[data-nobody]");
  if (nobody instanceof HTMLElement) nobody.hidden = rows.length > 0;
}

if (area instanceof HTMLElement) {
  draw(/** @type {Figures} */ (JSON.parse(area.dataset.arrivals ?? "{}")).arrivals ?? []);
  const paint = () => chart?.update("none");
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}

// --- figures that go on ---

/** Writes a number where it changed. @param {Element | null | undefined} place @param {number} number */
function write(place, number) {
  if (!(place instanceof HTMLElement) || place.textContent === String(number)) return;
  place.textContent = String(number);
  if (place.dataset.digits) place.dataset.digits = String(String(number).length);
}

/** @param {HTMLElement} page @param {Figures} figures */
function show(page, figures) {
  const only = page.dataset.session;
  /** @type {Partial<Figures> | undefined} */
  const counted = only ? figures.sessions.find((each) => each.id === only) : figures;
  for (const name of /** @type {const} */ (["inside", "came", "expected", "to_settle"])) {
    const number = counted?.[name];
    if (number !== undefined) write([...page.querySelectorAll(`[data-figure=${name}]`)].find((one) => !one.closest("[data-session-row]")), number);
  }
  const odd = page.querySelector(".door-odd");
  if (odd instanceof HTMLElement) odd.hidden = !figures.to_settle;
  for (const [id, inside] of Object.entries(figures.doors)) write(page.querySelector(`[data-door="${id}"]`), inside);
  for (const each of figures.sessions) {
    const row = page.querySelector(`[data-session-row="${each.id}"]`);
    write(row?.querySelector("[data-figure=inside]"), each.inside);
    write(row?.querySelector("[data-figure=came]"), each.came);
  }
  list(figures.arrivals);
  draw(figures.arrivals);
}

/** The time on the reader's clock as 09:05. @param {Date} moment */
const clock = (moment) => `${String(moment.getHours()).padStart(2, "0")}:${String(moment.getMinutes()).padStart(2, "0")}`;

/** Asks for the figures again and again while the page is looked at. @param {HTMLElement} page */
function follow(page) {
  const note = page.querySelector("[data-lost-note]");
  let [wait, since, asking, ended] = [EVERY, new Date(), false, false];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {string} text */
  const say = (text) => {
    if (!(note instanceof HTMLElement)) return;
    note.hidden = !text;
    if (note.textContent !== text) note.textContent = text;
  };
  const ask = async () => {
    if (asking || ended || document.hidden) return;
    clearTimeout(timer);
    asking = true;
    try {
      const answer = await fetch(page.dataset.figures ?? "", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
      // A redirect leads to the sign-in; an answer that is no JSON is a stranger's (a hotel's portal).
      ended = answer.redirected || answer.status === 403 || answer.status === 404;
      if (ended) return say(page.dataset.signedOut ?? "");
      if (!answer.ok) throw new Error(String(answer.status));
      show(page, await answer.json());
      [wait, since] = [EVERY, new Date()];
      say("");
    } catch {
      say((page.dataset.lost ?? "").replace("{time}", clock(since)));
      wait = Math.min(wait * 2, SLOWEST);
    } finally {
      asking = false;
      if (!ended) timer = setTimeout(ask, wait);
    }
  };
  timer = setTimeout(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
}

const page = document.querySelector("[data-figures]");
if (page instanceof HTMLElement) follow(page);

// --- the big counter ---

const full = document.querySelector("[data-full-screen]");
if (full instanceof HTMLButtonElement && document.fullscreenEnabled) {
  full.hidden = false;
  full.addEventListener("click", () => document.documentElement.requestFullscreen());
  const stayAwake = () => {
    if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {}); // refused when the battery is low
  };
  stayAwake();
  document.addEventListener("visibilitychange", stayAwake);
}
