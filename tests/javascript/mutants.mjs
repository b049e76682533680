/**
 * Small wrong changes of one of our modules, made in its text at the places TypeScript's parser finds: a comparison turned or moved by
 * one, a condition always or never true, a word that is another, a flag flipped, a check left out or in another's place, a default that
 * is another. A mutant's `place` names the function, its statement and the change, and does not move with the lines.
 *
 * @typedef {{place: string, source: string}} Mutant
 */
import ts from "typescript";

const kinds = ts.SyntaxKind;

const OPERATORS = new Map([
  ["<", ["<=", ">="]],
  ["<=", ["<", ">"]],
  [">", [">=", "<="]],
  [">=", [">", "<"]],
  ["===", ["!=="]],
  ["!==", ["==="]],
  ["==", ["!="]],
  ["!=", ["=="]],
  ["&&", ["||"]],
  ["||", ["&&"]],
  ["??", ["&&"]],
  ["+", ["-"]],
  ["-", ["+"]],
  ["*", ["/"]],
]);
const TWINS = new Map(
  [
    ["some", "every"],
    ["min", "max"],
    ["opens", "closes"],
    ["ended", "ahead"],
    ["last", "coming"],
    ["starts_at", "ends_at"],
    ["opens_minutes_before", "closes_minutes_after"],
  ].flatMap(([one, two]) => [[one, two], [two, one]]),
);
const LOGICAL = new Set(["&&", "||", "??"]);

/** What stands in a node's place in the mutants. @param {ts.Node} node @param {(node: ts.Node) => string} text @returns {string[]} */
function instead(node, text) {
  if (ts.isBinaryExpression(node)) {
    const operator = node.operatorToken.getText();
    const [left, right] = [text(node.left), text(node.right)];
    if (operator === "??=") return [`${left} = ${right}`];
    const others = OPERATORS.get(operator) ?? [];
    if (!LOGICAL.has(operator)) return others.map((other) => `${left} ${other} ${right}`);
    return [...others.map((other) => `((${left}) ${other} (${right}))`), `(${left})`, `(${right})`];
  }
  if (ts.isPrefixUnaryExpression(node)) return [text(node.operand)];
  if (ts.isConditionalExpression(node)) return [`(${text(node.whenTrue)})`, `(${text(node.whenFalse)})`];
  if (ts.isIfStatement(node)) {
    const [from, to] = [node.expression.getStart() - node.getStart(), node.expression.end - node.getStart()];
    const whole = text(node);
    return ["true", "false"].map((condition) => whole.slice(0, from) + condition + whole.slice(to));
  }
  if (node.kind === kinds.TrueKeyword) return ["false"];
  if (node.kind === kinds.FalseKeyword) return ["true"];
  if (ts.isNumericLiteral(node)) {
    const value = Number(node.text);
    return value > 0 ? [String(value + 1), String(value - 1)] : [String(value + 1)];
  }
  if (ts.isStringLiteral(node)) return [JSON.stringify(`${node.text}~`)];
  if (ts.isReturnStatement(node) && node.expression) return [node.expression.kind === kinds.NullKeyword ? 'return refused("bad_item");' : "return null;"];
  if (ts.isContinueStatement(node)) return ["break;"];
  if (ts.isExpressionStatement(node)) return [";"];
  if (ts.isObjectLiteralExpression(node)) return node.properties.map((_, place) => `{ ${without(node.properties, place).map(text).join(", ")} }`);
  if (ts.isArrayLiteralExpression(node)) return arrays(node, text);
  if (ts.isCallExpression(node)) return calls(node, text);
  if (ts.isIdentifier(node)) return TWINS.has(node.text) && !isName(node) ? [TWINS.get(node.text)] : [];
  return [];
}

/** @template Item @param {readonly Item[]} items @param {number} place */
const without = (items, place) => items.filter((_, at) => at !== place);

/** Each element left out; where they are checks, neighbours changed too; where they are methods, another added. */
function arrays(node, text) {
  const items = node.elements.map(text);
  const shorter = items.map((_, place) => without(items, place));
  const swapped = node.elements.every(ts.isIdentifier) ? items.slice(1).map((_, place) => items.with(place, items[place + 1]).with(place + 1, items[place])) : [];
  const methods = ["qr", "code", "search", "kiosk", "walk_in", "self", "manual", "online"].map((name) => `"${name}"`);
  const more = items.length && items.every((item) => methods.includes(item)) && !node.elements.some((each) => each.text === "cancelled") ? methods.filter((name) => !items.includes(name)).map((name) => [...items, name]) : [];
  return [...shorter, ...swapped, ...more].map((list) => `[${list.join(", ")}]`);
}

/** A call without one of its arguments or with what it is called on alone; a refusal that a reason would lift although it must not. */
function calls(node, text) {
  const [called, given] = [text(node.expression), node.arguments.map(text)];
  const fewer = given.length > 1 ? [`${called}(${given.slice(0, -1).join(", ")})`] : [];
  if (called === "refused" && !given[1]?.includes("overridable")) fewer.push(`${called}(${given[0]}, { ...${given[1] ?? "{}"}, overridable: true })`);
  if (ts.isPropertyAccessExpression(node.expression) && ["trim", "filter", "sort"].includes(node.expression.name.text)) fewer.push(text(node.expression.expression));
  if (called === "Math.abs") fewer.push(given[0]);
  return fewer;
}

/** Whether something is given its name here. */
const isName = ({ parent }) => ts.isShorthandPropertyAssignment(parent) || ts.isBindingElement(parent) || ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent);

/** The named definition around a node. @param {ts.Node} node */
function holder(node) {
  for (let each = node; each; each = each.parent) {
    if (each.parent && ts.isSourceFile(each.parent)) return ts.isVariableStatement(each) ? each.declarationList.declarations[0].name.getText() : each.name?.getText() ?? "";
  }
  return "";
}

/** The first line of the statement around a node. @param {ts.Node} node */
function head(node) {
  let each = node;
  while (!ts.isStatement(each)) each = each.parent;
  return ts.isFunctionDeclaration(each) || ts.isVariableStatement(each) && ts.isSourceFile(each.parent) ? "" : brief(each.getText());
}

const brief = (text) => text.split("\n")[0].replaceAll(/\s+/g, " ").trim();

/** All mutants of a module, in the order of its text. @param {string} source @returns {Generator<Mutant>} */
export function* mutants(source) {
  const file = ts.createSourceFile("module.js", source, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const text = (node) => node.getText(file);
  const seen = new Map();
  /** @param {ts.Node} node @returns {Generator<Mutant>} */
  function* visit(node) {
    for (const other of instead(node, text)) {
      const change = `${brief(text(node))} -> ${brief(other)}`;
      const place = [holder(node), head(node) === brief(text(node)) ? "" : head(node), change].filter(Boolean).join(": ");
      const times = (seen.get(place) ?? 0) + 1;
      seen.set(place, times);
      yield { place: times > 1 ? `${place} (${times})` : place, source: source.slice(0, node.getStart(file)) + other + source.slice(node.end) };
    }
    const children = [];
    ts.forEachChild(node, (child) => void children.push(child));
    for (const child of children) yield* visit(child);
  }
  yield* visit(file);
}
