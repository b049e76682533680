/*
 * The door without a network: its files and its page come from the cache; scans and lists are the page's own business.
 * The server writes `const SHELL = {version, assets}` before this text. A new version is a new cache; the one before stays for tabs
 * that are still open.
 */
const FILES = `door-files-${SHELL.version}`;
const PAGES = "door-pages";
const PATIENCE = 4000;

addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(FILES)
      .then((cache) => cache.addAll(SHELL.assets))
      .then(renewPages)
      .then(() => skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => {
        const old = names.filter((name) => name.startsWith("door-files-") && name !== FILES);
        return Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
      })
      .then(() => clients.claim()),
  );
});

/** Whether an answer is our page and not one of a captive portal. */
async function isOurs(response) {
  if (!response.ok || response.redirected || !response.headers.get("Content-Type")?.startsWith("text/html")) return false;
  return (await response.clone().text()).includes('id="setup"');
}

/** What was kept for an address; whether it varies by language is the page's business, not the cache's. */
const find = (request, options = {}) => caches.match(request, { ...options, ignoreVary: true });

async function keep(request, response) {
  const cache = await caches.open(PAGES);
  await cache.put(request, response);
}

/**
 * The page from the network when it answers in time, else as it was kept. That of a pass that ended too: it sends what waits, wipes
 * its list and takes itself out of the cache.
 */
async function page(request) {
  const kept = (await find(request)) ?? (await find(request, { ignoreSearch: true }));
  try {
    // By its address: a navigation itself cannot be given a time limit.
    const response = await fetch(request.url, kept ? { signal: AbortSignal.timeout(PATIENCE) } : {});
    if (await isOurs(response)) {
      await keep(request, response.clone());
      return response;
    }
    return kept ?? response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** The page of every door that this phone was at names the files of its version: each is asked for anew with them. */
async function renewPages() {
  const requests = await (await caches.open(PAGES)).keys();
  await Promise.all(requests.map((request) => page(request).catch(() => undefined)));
}

async function file(request) {
  return (await find(request)) ?? fetch(request);
}

/** Manifest, icons, colours: small things that may be new. */
async function small(request) {
  try {
    const response = await fetch(request);
    if (response.ok) await keep(request, response.clone());
    return response;
  } catch (error) {
    const kept = await find(request);
    if (kept) return kept;
    throw error;
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.destination === "style" || request.destination === "manifest" || request.destination === "image") {
    if (!url.pathname.includes("/badge/")) event.respondWith(small(request));
  }
});

/** The page that was open before this worker, and what it shows: kept like what came through it. */
async function keepPage({ page, more }) {
  const response = await fetch(page);
  if (await isOurs(response)) await keep(page, response);
  await (await caches.open(PAGES)).addAll(more);
}

addEventListener("message", (event) => {
  if (event.data?.page) event.waitUntil(keepPage(event.data).finally(() => event.ports[0]?.postMessage("kept")));
});
