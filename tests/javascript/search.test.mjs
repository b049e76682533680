/** People are found by a part, in both alphabets, offline and at once (INTEROP D60, D61). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { find, marks, searchKey } from "../../static/door/search.js";
import { cases } from "./cases.mjs";

test("every text has the key that Python gives it", () => {
  for (const { text, key } of cases("search").keys) assert.equal(searchKey(text), key, JSON.stringify(text));
});

const person = (name, organisation = "", mail = "") => ({ name, key: searchKey(`${name} ${organisation} ${mail}`) });
const PEOPLE = [
  person("Мария Петрова", "„Агро 2000“ ЕООД", "maria@example.org"),
  person("Петър Иванов", "Софтуер АД", "petar@example.com"),
  person("Иван Иванов", "Община Стара Загора", "ivan.ivanov@example.org"),
  person("Иван Иванов", "Тракийски университет", "i.ivanov@uni.example"),
  person("Иванка Щерева-Ёлкина"),
  person("Драгомир Иван"),
  person("Дмитрий Андреевич", "ЕТ «Зора»"),
  person("José Łukasz"),
  person("Живко О'Брайън"),
];
const names = (query, limit = 20) => find(PEOPLE, query, limit).map(({ name }) => name);

test("D61 by a part, by Latin, without case, with ё and ѝ, й composed or not", () => {
  for (const query of ["мар", "МАРИЯ", "mariya", "Maria pet", "петрова мария", "агро 2000", "maria@ex"]) assert.deepEqual(names(query), ["Мария Петрова"], query);
  for (const query of ["щер", "Shterev", "елкин", "ёлкина", "elkina"]) assert.deepEqual(names(query), ["Иванка Щерева-Ёлкина"], query);
  for (const query of ["дмитрий", "Дмитри", "дмитрии\u0306", "dmitriy", "dmitri", "зора"]) assert.deepEqual(names(query), ["Дмитрий Андреевич"], query);
  assert.deepEqual(names("jose luk"), ["José Łukasz"]);
  assert.deepEqual(names("обрайън"), ["Живко О'Брайън"]);
});

test("whole words come before beginnings, these before the middle of a word, then by name", () => {
  assert.deepEqual(names("иван"), ["Драгомир Иван", "Иван Иванов", "Иван Иванов", "Иванка Щерева-Ёлкина", "Петър Иванов"]);
  assert.deepEqual(names("рова"), ["Мария Петрова"]);
  assert.deepEqual(names("пет"), ["Мария Петрова", "Петър Иванов"]);
});

test("D60 of two people with one name the organisation tells", () => {
  assert.deepEqual(find(PEOPLE, "иван иванов тракийски", 20), [PEOPLE[3]]);
  assert.deepEqual(find(PEOPLE, "иван иванов общ", 20), [PEOPLE[2]]);
});

test("all words must occur", () => {
  assert.deepEqual(names("мария иванов"), []);
});

test("fewer than three letters find nobody, a third one does", () => {
  for (const query of ["", " ", "ма", "щя", "м а", "--- ", "м@.", "👩‍👩‍👧", "\ud800".repeat(9), "и\u0306и\u0306"]) assert.deepEqual(names(query), [], query);
  assert.deepEqual(names("мария п"), ["Мария Петрова"]);
  assert.deepEqual(names("а 20"), ["Мария Петрова"]);
});

test("somebody without a key is not found", () => {
  assert.deepEqual(find([{ name: "Мария" }, { name: "Мария", key: "" }], "мария", 20), []);
});

test("the limit holds and takes the best", () => {
  assert.deepEqual(names("иван", 2), ["Драгомир Иван", "Иван Иванов"]);
  assert.deepEqual(names("иван", 1), ["Драгомир Иван"]);
  assert.deepEqual(names("иван", 0), []);
  const many = Array.from({ length: 300 }, (_, number) => person(`Човек ${String((number * 7) % 300).padStart(3, "0")}`));
  assert.deepEqual(find(many, "чов", 3).map(({ name }) => name), ["Човек 000", "Човек 001", "Човек 002"]);
  assert.deepEqual(find(new Map(many.map((each) => [each.name, each])).values(), "човек 299", 3).map(({ name }) => name), ["Човек 299"]);
});

test("nothing typed is an error or a pattern", () => {
  for (const query of ["%_%", "(((", "[а-я", "\\\\\\", "a".repeat(5000), "дума ".repeat(500), "\0\0\0abc"]) assert.ok(Array.isArray(find(PEOPLE, query, 20)));
  assert.deepEqual(names("..."), []);
});

/** A text with what was found in brackets. */
function marked(text, query) {
  let [out, from] = ["", 0];
  for (const [start, end] of marks(text, query)) {
    out += `${text.slice(from, start)}[${text.slice(start, end)}]`;
    from = end;
  }
  return out + text.slice(from);
}

for (const [text, query, expected] of [
  ["Мария Петрова", "mar", "[Мар]ия Петрова"],
  ["Мария Петрова", "мария пет", "[Мария] [Пет]рова"],
  ["Мария Петрова", "petrova", "Мария [Петрова]"],
  ["Мария Петрова", "рова", "Мария Пет[рова]"],
  ["Мария Петрова", "мария агро", "[Мария] Петрова"],
  ["Мария Петрова", "ма", "Мария Петрова"],
  ["Мария Петрова", "", "Мария Петрова"],
  ["", "мария", ""],
  ["Дмитрий Щерев", "dmitri", "[Дмитрий] Щерев"],
  ["Дмитрий Щерев", "дмит", "[Дмит]рий Щерев"],
  ["Дмитрий Щерев", "sht", "Дмитрий [Щ]ерев"],
  ["Дмитрий Щерев", "shte", "Дмитрий [Ще]рев"],
  ["„Агро 2000“ ЕООД", "агро", "„[Агро] 2000“ ЕООД"],
  ["„Агро“ 2000", "агро", "„[Агро]“ 2000"],
  ["Иван Иванов", "иван", "[Иван] [Иван]ов"],
  ["Драган Иванов", "ван", "Драган И[ван]ов"],
  ["Ванга Иванова", "ван", "[Ван]га Иванова"],
  ["Жан-Клод", "клод", "Жан-[Клод]"],
  ["José Łukasz", "jose łuk", "[José] [Łuk]asz"],
  ["Jose\u0301 L", "jose", "[Jose\u0301] L"],
  ["И\u0306ордан", "йор", "[И\u0306ор]дан"],
  ["maria@example.org", "example", "maria@[example].org"],
  ["м***@example.org", "example.org", "м***@[example.org]"],
  ["България", "bulg", "[Бълг]ария"],
  ["О'Брайън", "обра", "[О'Бра]йън"],
  ["Straße", "stras", "[Straß]e"],
  ["Петрова-Петкова", "пет", "[Пет]рова-[Пет]кова"],
  ["Анна Маринова", "анна марин аннам", "[Анна] [Марин]ова"],
  ["👩‍👩‍👧 Мария", "мария", "👩‍👩‍👧 [Мария]"],
]) {
  test(`"${query}" underlines ${expected}`, () => assert.equal(marked(text, query), expected));
}

test("marks lie in order, apart and within the text, whatever it is", () => {
  const texts = cases("search").keys.map(({ text }) => text);
  for (const text of texts) {
    for (const query of ["мария", "shte", "ия а", text, text.slice(1, 5)]) {
      let before = -1;
      for (const [start, end] of marks(text, query)) {
        assert.ok(before < start && start < end && end <= text.length, JSON.stringify([text, query]));
        before = end;
      }
    }
  }
});

test("D61 five thousand people answer within a few milliseconds", () => {
  const first = ["Мария", "Иван", "Георги", "Елена", "Надежда", "Цветан", "Юлия", "Ангел", "Щилиян"];
  const last = ["Петрова", "Иванов", "Димитров", "Стоянова", "Жекова", "Щерев", "Чолаков"];
  const people = Array.from({ length: 5000 }, (_, at) => person(`${first[at % 9]} ${last[at % 7]}`, `Софтуер ${at % 300} ООД`, `p${at}@example.org`));
  const times = ["иван", "ова", "@example", "мария петрова", "p4999@", "няма такъв"].map((query) => {
    const started = performance.now();
    for (let round = 0; round < 5; round++) find(people, query, 20);
    return (performance.now() - started) / 5;
  });
  assert.ok(Math.max(...times) < 50, `${times.map((time) => time.toFixed(1))} ms`);
});
