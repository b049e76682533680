import assert from "node:assert/strict";
import { test } from "node:test";
import { hashedName, hashOwn, rewrite } from "../../assets.mjs";

const known = (name) => `${name.replace(/\.(\w+)$/, ".h.$1")}`;

test("a hashed name keeps folder and extension", () => {
  assert.match(hashedName("css/theme.css", Buffer.from("a")), /^css\/theme\.[0-9a-f]{10}\.css$/);
});

test("references between modules are rewritten, bare ones and texts are not", () => {
  const source = 'import { a } from "./a.js";\nimport "../js/b.js";\nconst c = await import("./c.js");\nconst w = new URL("./w.js", import.meta.url);\nconst t = "./a.js";\nimport x from "bare";\n';
  assert.equal(
    rewrite("door/door.js", source, known),
    'import { a } from "./a.h.js";\nimport "../js/b.h.js";\nconst c = await import("./c.h.js");\nconst w = new URL("./w.h.js", import.meta.url);\nconst t = "./a.js";\nimport x from "bare";\n',
  );
});

test("references in style sheets are rewritten, data addresses are not", () => {
  assert.equal(
    rewrite("css/a.css", '@import "./b.css";p{background:url(../door/c.css)}q{background:url(data:x)}', known),
    '@import "./b.h.css";p{background:url(../door/c.h.css)}q{background:url(data:x)}',
  );
});

test("a change in a module changes the names of all that import it", () => {
  const before = hashOwn(new Map([["a.js", 'import "./b.js"'], ["b.js", "1"], ["c.js", "1"]]));
  const after = hashOwn(new Map([["a.js", 'import "./b.js"'], ["b.js", "2"], ["c.js", "1"]]));
  assert.notEqual(before.get("a.js").path, after.get("a.js").path);
  assert.equal(before.get("c.js").path, after.get("c.js").path);
  assert.equal(before.get("a.js").content.toString(), `import "./${before.get("b.js").path}"`);
});

test("a cycle and a missing file stop the build", () => {
  assert.throws(() => hashOwn(new Map([["a.js", 'import "./b.js"'], ["b.js", 'import "./a.js"']])), /cycle/);
  assert.throws(() => hashOwn(new Map([["a.js", 'import "./z.js"']])), /z\.js/);
});
