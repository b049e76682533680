/**
 * What the door keeps in the browser (IndexedDB): the list of people and the scans, until they are wiped.
 *
 * A scan is written, and the write is finished, before its verdict is shown: what the volunteer saw survives a killed browser
 * (INTEROP D46). The queue of an older version of the app stays readable: stores are only ever added.
 *
 * @typedef {object} Kept one scan of this device
 * @property {string} scan_id
 * @property {string} door id of the door
 * @property {0 | 1} waiting 1 until the server answered
 * @property {number} order milliseconds; the queue is sent in this order
 * @property {import("./setup.js").Item} item as it is sent
 * @property {string | null} shown the verdict that the screen showed before the server answered
 * @property {boolean} live whether there was a connection when it was made
 * @property {number} tries how often it was sent without an answer
 * @property {boolean} told whether the last sending said what was shown
 * @property {string | null} registration whose it is, when the list knew
 * @property {import("./setup.js").Answer} answer what is shown of it: ours first, the server's once it came
 */

const NAME = "hubevents-door";
const VERSION = 1;

/** Rejects when the browser refuses storage: a private window, a full disk, switched off. @returns {Promise<Store>} */
export async function openStore() {
  if (!("indexedDB" in globalThis)) throw new Error("no storage");
  const store = new Store(await connect());
  await store.set("tried", 1);
  return store;
}

/** @param {number | null} version null: as it is @returns {Promise<IDBDatabase>} */
async function connect(version = VERSION) {
  const request = version === null ? indexedDB.open(NAME) : indexedDB.open(NAME, version);
  request.onupgradeneeded = () => {
    const db = request.result;
    db.createObjectStore("lists", { keyPath: "door" });
    db.createObjectStore("people", { keyPath: ["door", "id"] });
    const scans = db.createObjectStore("scans", { keyPath: "scan_id" });
    scans.createIndex("queue", ["door", "waiting", "order"]);
    db.createObjectStore("values");
  };
  try {
    const db = await done(request);
    // Another tab with a newer version must be able to open it.
    db.onversionchange = () => db.close();
    return db;
  } catch (error) {
    // A newer version of the app was here; it has only added stores.
    if (version === null || !(error instanceof DOMException) || error.name !== "VersionError") throw error;
    return connect(null);
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    if (request instanceof IDBOpenDBRequest) request.onblocked = () => reject(new Error("blocked"));
  });
}

/** @param {Kept} kept @param {number} ms @returns {Kept} */
export function shifted(kept, ms) {
  const scanned_at = new Date(Date.parse(kept.item.scanned_at) + ms).toISOString();
  return { ...kept, order: kept.order + ms, item: { ...kept.item, scanned_at } };
}

export class Store {
  /** @param {IDBDatabase} db */
  constructor(db) {
    this.db = db;
  }

  /**
   * Runs `work` in one transaction and waits until it is finished, flushed to the disk when it writes.
   * @template T
   * @param {string[]} names @param {IDBTransactionMode} mode
   * @param {(stores: IDBObjectStore[]) => IDBRequest<T> | void} work
   * @returns {Promise<T | undefined>}
   */
  async run(names, mode, work) {
    try {
      return await this.transact(names, mode, work);
    } catch (error) {
      // The browser cut the connection: another tab upgraded, or an iPhone was locked for long.
      if (!(error instanceof DOMException) || !["InvalidStateError", "UnknownError"].includes(error.name)) throw error;
      this.db.close();
      this.db = await connect();
      return this.transact(names, mode, work);
    }
  }

  /**
   * @template T
   * @param {string[]} names @param {IDBTransactionMode} mode
   * @param {(stores: IDBObjectStore[]) => IDBRequest<T> | void} work
   * @returns {Promise<T | undefined>}
   */
  transact(names, mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(names, mode, mode === "readwrite" ? { durability: "strict" } : {});
      const request = work(names.map((name) => transaction.objectStore(name)));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error ?? new Error("storage refused"));
    });
  }

  // --- values ---

  /** @param {string} key @returns {Promise<any>} */
  get(key) {
    return this.run(["values"], "readonly", ([values]) => values?.get(key));
  }

  /** @param {string} key @param {unknown} value */
  set(key, value) {
    return this.run(["values"], "readwrite", ([values]) => values?.put(value, key));
  }

  // --- the list ---

  /** @param {string} door @returns {Promise<{head: import("./setup.js").Head, people: import("./setup.js").Person[]} | null>} */
  async list(door) {
    const head = await this.run(["lists"], "readonly", ([lists]) => lists?.get(door));
    if (!head) return null;
    const all = IDBKeyRange.bound([door, ""], [door, "\uffff"]);
    const people = (await this.run(["people"], "readonly", ([people]) => people?.getAll(all))) ?? [];
    return { head: head.head, people };
  }

  /**
   * Takes in a list, whole or a difference, in one transaction: a list is never half there.
   * @param {string} door
   * @param {import("./setup.js").Head} head
   * @param {import("./setup.js").Person[]} people @param {string[]} removed
   * @returns {Promise<boolean>} whether there was something to take a difference to
   */
  async keepList(door, head, people, removed) {
    let whole = true;
    await this.run(["lists", "people"], "readwrite", ([lists, stored]) => {
      const put = () => {
        for (const person of people) stored?.put({ ...person, door });
        for (const id of removed) stored?.delete([door, id]);
        lists?.put({ door, head });
      };
      if (head.complete) {
        stored?.delete(IDBKeyRange.bound([door, ""], [door, "\uffff"]));
        return put();
      }
      const before = lists?.getKey(door);
      if (before) before.onsuccess = () => (whole = before.result !== undefined) && put();
      return undefined;
    });
    return whole;
  }

  // --- scans ---

  /** @param {Kept} kept */
  keep(kept) {
    return this.run(["scans"], "readwrite", ([scans]) => scans?.put(kept));
  }

  /** @param {string} scan_id */
  drop(scan_id) {
    return this.run(["scans"], "readwrite", ([scans]) => scans?.delete(scan_id));
  }

  /** @param {Kept[]} many */
  keepAll(many) {
    return this.run(["scans"], "readwrite", ([scans]) => {
      for (const kept of many) scans?.put(kept);
    });
  }

  /** The oldest scans without an answer. @param {string} door @param {number} most @returns {Promise<Kept[]>} */
  async waiting(door, most) {
    const range = IDBKeyRange.bound([door, 1, 0], [door, 1, Infinity]);
    return (await this.run(["scans"], "readonly", ([scans]) => scans?.index("queue").getAll(range, Math.min(most, 0xffffffff)))) ?? [];
  }

  /** Moves the scans that wait in time. @param {string} door @param {number} ms */
  async shift(door, ms) {
    await this.keepAll((await this.waiting(door, Infinity)).map((kept) => shifted(kept, ms)));
  }

  /** @param {string} door @returns {Promise<number>} */
  async countWaiting(door) {
    const range = IDBKeyRange.bound([door, 1, 0], [door, 1, Infinity]);
    return (await this.run(["scans"], "readonly", ([scans]) => scans?.index("queue").count(range))) ?? 0;
  }

  /** All scans of a door made since a moment, waiting or answered, oldest first. @param {string} door @param {number} since ms @returns {Promise<Kept[]>} */
  async scansSince(door, since) {
    const found = [];
    for (const waiting of [0, 1]) {
      const range = IDBKeyRange.bound([door, waiting, since], [door, waiting, Infinity]);
      found.push(...((await this.run(["scans"], "readonly", ([scans]) => scans?.index("queue").getAll(range))) ?? []));
    }
    return found.sort((a, b) => a.order - b.order);
  }

  // --- forgetting ---

  /** Doors whose pass has ended by now. @param {number} now ms @returns {Promise<string[]>} */
  async ended(now) {
    /** @type {{door: string, head: import("./setup.js").Head}[]} */
    const lists = (await this.run(["lists"], "readonly", ([lists]) => lists?.getAll())) ?? [];
    return lists.filter(({ head }) => head.door.ends_at && Date.parse(head.door.ends_at) < now).map(({ door }) => door);
  }

  /** The list goes; scans that wait stay. @param {string} door */
  wipeList(door) {
    return this.run(["lists", "people", "scans"], "readwrite", ([lists, people, scans]) => {
      lists?.delete(door);
      people?.delete(IDBKeyRange.bound([door, ""], [door, "\uffff"]));
      const cursor = scans?.index("queue").openCursor(IDBKeyRange.bound([door, 0, 0], [door, 0, Infinity]));
      if (cursor) cursor.onsuccess = () => (cursor.result ? (cursor.result.delete(), cursor.result.continue()) : undefined);
    });
  }

  /** Everything of a door goes, scans that wait too. @param {string} door */
  async wipe(door) {
    await this.wipeList(door);
    await this.run(["scans"], "readwrite", ([scans]) => {
      const cursor = scans?.index("queue").openCursor(IDBKeyRange.bound([door, 0, 0], [door, 1, Infinity]));
      if (cursor) cursor.onsuccess = () => (cursor.result ? (cursor.result.delete(), cursor.result.continue()) : undefined);
    });
  }
}

/**
 * Asks the browser to keep what is here also when it runs short, and says whether there is room.
 * @returns {Promise<{persistent: boolean, room: boolean}>}
 */
export async function askToStay() {
  const storage = navigator.storage;
  if (!storage?.persist) return { persistent: false, room: true };
  const persistent = (await storage.persisted()) || (await storage.persist().catch(() => false));
  const { quota = Infinity, usage = 0 } = (await storage.estimate?.().catch(() => undefined)) ?? {};
  return { persistent, room: quota - usage > 20_000_000 };
}
