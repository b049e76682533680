/**
 * People are found by a part of their name, organisation or address, in Cyrillic or Latin, also offline (INTEROP D61): the twin of
 * `search_key` in hubevents/core/text.py, which says why. Both give the keys of tests/cases/search.json; a change in one needs the other.
 *
 * @typedef {{key?: string}} Searchable `key` is the `searchKey` of all one may search somebody by
 */

/** Transliteration Act, then letters of other alphabets. @type {ReadonlyMap<string, string>} */
const LATIN = new Map(Object.entries({
  а: "a", б: "b", в: "v", г: "g", д: "d", е: "e", ж: "zh", з: "z", и: "i", й: "y", к: "k", л: "l", м: "m", н: "n", о: "o", п: "p",
  р: "r", с: "s", т: "t", у: "u", ф: "f", х: "h", ц: "ts", ч: "ch", ш: "sh", щ: "sht", ъ: "a", ь: "y", ю: "yu", я: "ya",
  ѝ: "i", ё: "e", ы: "y", э: "e", і: "i", ї: "yi", є: "ye", ґ: "g", ў: "u", ј: "j", љ: "lj", њ: "nj", ћ: "c", ђ: "dj", џ: "dz",
  ѓ: "gj", ќ: "kj", ѕ: "dz", ѣ: "ya", ѫ: "a", ѧ: "ya", ѐ: "e",
  // Latin letters that Unicode does not take apart.
  æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ħ: "h",
}));
const QUOTES = /["'`´‘’‚‛“”„‟«»‹›]/g;
const DASHES = /[‐‑‒–—―−]/g;
const SPACES = /(?:[^\S\ufeff]|[\x1c-\x1f\x85])+/;

/** Without case, as Python's `casefold`: ß is ss, ς is σ, ı is i; of Cherokee Unicode takes the capitals. @param {string} text */
const folded = (text) =>
  text.toUpperCase().toLowerCase().replaceAll("ς", "σ").replaceAll(/[\u13f8-\u13fd\uab70-\uabbf]/g, (char) => char.toUpperCase());

/** Whether a mark combines: in Unicode's order it then goes before the mark of the last class. @param {string} mark */
const combines = (mark) => mark === "\u0345" || `\u0345${mark}`.normalize("NFD") !== `\u0345${mark}`;

/** The form in which people are compared. @param {string} text */
export function searchKey(text) {
  let latin = "";
  for (const char of folded(text.normalize("NFC"))) latin += LATIN.get(char) ?? char;
  const plain = folded(latin.normalize("NFKD").replaceAll(/\p{M}/gu, (mark) => (combines(mark) ? "" : mark)));
  const key = plain.replaceAll(/iy+/g, "i").replaceAll("bulg", "balg").replaceAll(QUOTES, "").replaceAll(DASHES, "-");
  return key.split(SPACES).filter(Boolean).join(" ");
}

const SHORTEST = 3; // letters one types before a list means something
const MOST_WORDS = 8;

/** The words of a query; none of one that is too short to say anything. @param {string} query */
function wordsOf(query) {
  const letters = query.normalize("NFC").match(/[\p{L}\p{N}]/gu) ?? [];
  return letters.length < SHORTEST ? [] : searchKey(query).split(" ").filter(Boolean).slice(0, MOST_WORDS);
}

/** Whether a word begins (or, one further, ends) at a place of a key: no letter or digit stands before it. @param {string} key @param {number} at */
const begins = (key, at) => !/[\p{L}\p{N}]/u.test(key.charAt(at - 1));

/**
 * How well a word is found: 0 a whole word, 1 the beginning of one, 2 within one, undefined not at all.
 * @param {string} key @param {string} word
 */
function placeOf(key, word) {
  /** @type {number | undefined} */
  let best;
  for (const at of placesOf(key, word)) {
    if (!begins(key, at)) best ??= 2;
    else if (begins(key, at + word.length + 1)) return 0;
    else best = 1;
  }
  return best;
}

/**
 * The people in whose key all words of the query occur, at most `limit`: whole words before beginnings of words, these before the rest,
 * then by key. A query of fewer than three letters finds nobody.
 * @template {Searchable} Person
 * @param {Iterable<Person>} people
 * @param {string} query
 * @param {number} limit
 * @returns {Person[]}
 */
export function find(people, query, limit) {
  const words = wordsOf(query);
  /** @type {{person: Person, key: string, place: number}[]} */
  const best = [];
  if (!words.length) return [];
  for (const person of people) {
    const { key = "" } = person;
    const place = placeIn(key, words);
    if (place === undefined) continue;
    // Kept in order while it grows: of thousands found only these few are compared.
    let at = best.length;
    for (let before = best[at - 1]; before && isBefore(place, key, before); before = best[at - 1]) at--;
    if (at < limit) best.splice(at, 0, { person, key, place });
    if (best.length > limit) best.pop();
  }
  return best.map(({ person }) => person);
}

/** @param {string} key @param {string[]} words */
function placeIn(key, words) {
  let sum = 0;
  for (const word of words) {
    const place = placeOf(key, word);
    if (place === undefined) return undefined;
    sum += place;
  }
  return sum;
}

/** @param {number} place @param {string} key @param {{key: string, place: number}} other */
const isBefore = (place, key, other) => place < other.place || (place === other.place && key < other.key);

/**
 * What of a text the query found, as pairs of start and end in the text itself, in order and apart: for underlining. Of each word of the
 * query the beginnings of words, where it has any, else the places within words.
 * @param {string} text
 * @param {string} query
 * @returns {[start: number, end: number][]}
 */
export function marks(text, query) {
  const parts = [...text.matchAll(/\S+/g)].map(({ 0: part, index }) => ({ part, index, key: searchKey(part) }));
  /** @type {[start: number, end: number][]} */
  const found = [];
  for (const word of wordsOf(query)) {
    const places = parts.flatMap(({ part, index, key }) => placesOf(key, word).map((at) => ({ part, index, key, at })));
    const beginnings = places.filter(({ key, at }) => begins(key, at));
    for (const { part, index, at } of beginnings.length ? beginnings : places) {
      const [start, end] = stretch(part, at, at + word.length);
      found.push([index + start, index + end]);
    }
  }
  return joined(found);
}

/** @param {string} key @param {string} word */
function placesOf(key, word) {
  const places = [];
  for (let at = key.indexOf(word); at >= 0; at = key.indexOf(word, at + 1)) places.push(at);
  return places;
}

/**
 * Where a stretch of a text's key stands in the text. A letter is taken whole with its marks, and with letters after it that add nothing
 * to the key, as the й of Дмитрий.
 * @param {string} text @param {number} from @param {number} to
 * @returns {[start: number, end: number]}
 */
function stretch(text, from, to) {
  let [start, end, before] = [0, text.length, 0];
  for (const { 0: letter, index } of text.matchAll(/\P{M}\p{M}*|\p{M}+/gsu)) {
    const after = searchKey(text.slice(0, index + letter.length)).length;
    if (after > from && before <= from) start = index;
    if (before < to || (after === to && /[\p{L}\p{N}]/u.test(letter))) end = index + letter.length;
    before = after;
  }
  return [start, end];
}

/** Overlapping and touching pairs made one. @param {[start: number, end: number][]} pairs */
function joined(pairs) {
  /** @type {[start: number, end: number][]} */
  const apart = [];
  for (const [start, end] of pairs.sort((a, b) => a[0] - b[0])) {
    const last = apart.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}
