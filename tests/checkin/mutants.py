"""Small wrong changes of the rulebook: of `judge`, `presence`, `day_of` and everything they use in rules.py.

A `Mutant` is one change of one place: a comparison turned or moved by one, a condition always or never true, a
value of an enumeration taken for its neighbour, a flag flipped, a check left out or in another's place, a
default that is another. Its `place` names function, statement and change, and does not move with the lines.
"""

import ast
import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from hubevents.checkin import rules

ENTRANCES = ("judge", "presence", "day_of")
# The words of `settle`, and the times that are for lists and certificates: the page has none of them.
_BESIDE = {"_Check", "Flag", "first_in_at", "last_out_at", "minutes"}
_ENUMS = {
    name: [each.name for each in getattr(rules, name)]
    for name in ("Answer", "Reason", "DoorRole", "Method", "Direction", "Flag")
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_TWINS = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "starts_at": "ends_at",
    "ends_at": "starts_at",
    "opens_minutes_before": "closes_minutes_after",
    "closes_minutes_after": "opens_minutes_before",
    "opens": "closes",
    "closes": "opens",
    "last": "coming",
    "coming": "last",
    "before": "after",
    "after": "before",
}
_ABSENT = {"str": "'~'", "int": "0", "Reason": "Reason.FORGED"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed rulebook; of one that changes no class the values are those of `rules`."""

    place: str
    code: CodeType
    changes_a_class: bool

    def names(self) -> dict[str, Any]:
        """The names of the changed rulebook."""
        names = {"__name__": rules.__name__} if self.changes_a_class else dict(vars(rules))
        exec(self.code, names)
        return names


def _defined(node: ast.stmt) -> str | None:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None


def _used(tree: ast.Module) -> list[ast.stmt]:
    """The definitions the entrances reach, in the order of the file."""
    known = {name: node for node in tree.body if (name := _defined(node)) is not None}
    seen: set[str] = set()
    ahead = list(ENTRANCES)
    while ahead:
        name = ahead.pop()
        if name in seen or name not in known or name in _BESIDE:
            continue
        seen.add(name)
        ahead += [each.id for each in ast.walk(known[name]) if isinstance(each, ast.Name)]
    return [node for name, node in known.items() if name in seen]


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def _enum(node: ast.AST) -> str | None:
    """The enumeration a node is a member of."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _ENUMS:
        return node.value.id
    return None


def _without(items: list[Any], place: int) -> list[Any]:
    return items[:place] + items[place + 1 :]


def _instead(node: ast.AST, holder: str) -> Iterator[ast.AST]:
    """What stands in a node's place in the mutants."""
    match node:
        case ast.Compare(left, ops, values):
            for place, operator in enumerate(ops):
                for other in _COMPARISONS[type(operator)]:
                    yield ast.Compare(left, [*ops[:place], other(), *ops[place + 1 :]], values)
            if len(ops) > 1:
                yield ast.Compare(left, ops[:1], values[:1])
                yield ast.Compare(values[0], ops[1:], values[1:])
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.And() if isinstance(operator, ast.Or) else ast.Or(), values)
            for place in range(len(values)):
                rest = _without(values, place)
                yield rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.BinOp(left, ast.Add(), right):
            yield ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left, ast.Sub(), right):
            yield ast.BinOp(left, ast.Add(), right)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
            if value > 0:
                yield ast.Constant(value - 1)
        case ast.Constant(str(value)):
            yield ast.Constant(f"{value}~")
        case ast.Name(name, ast.Load()) if name in _TWINS:
            yield ast.Name(_TWINS[name], ast.Load())
        case ast.Attribute(value, name) if (enum := _enum(node)) is not None:
            members = _ENUMS[enum]
            yield ast.Attribute(value, members[(members.index(name) + 1) % len(members)], ast.Load())
        case ast.Attribute(value, name) if name in _TWINS:
            yield ast.Attribute(value, _TWINS[name], ast.Load())
        case ast.Call(function, arguments, keywords):
            for place in range(len(keywords)):
                yield ast.Call(function, arguments, _without(keywords, place))
            if ast.unparse(function) == "_refused" and not keywords:
                yield ast.Call(function, arguments, [ast.keyword("overridable", ast.Constant(True))])
            if isinstance(function, ast.Attribute) and not arguments and not keywords:
                yield function.value
            if ast.unparse(function) == "abs":
                yield arguments[0]
        case ast.Tuple(parts, ast.Load()) if len(parts) > 1 and not _is_type(node):
            for place in range(len(parts)):
                yield ast.Tuple(_without(parts, place), ast.Load())
            if holder in ("_IDENTITY", "_ENTRY"):
                for place in range(len(parts) - 1):
                    one, two = parts[place : place + 2]
                    yield ast.Tuple([*parts[:place], two, one, *parts[place + 2 :]], ast.Load())
        case ast.Set(parts):
            for place in range(len(parts)):
                rest = _without(parts, place)
                yield ast.Set(rest) if rest else _expression("()")
            enum = _enum(parts[0])
            present = {ast.unparse(each) for each in parts}
            for name in _ENUMS.get(enum or "", ()):
                if f"{enum}.{name}" not in present:
                    yield ast.Set([*parts, _expression(f"{enum}.{name}")])
        case ast.Dict(keys, values):
            for place in range(len(keys)):
                yield ast.Dict(_without(keys, place), _without(values, place))
        case ast.comprehension(target, source, conditions) if conditions:
            yield ast.comprehension(target, source, [], 0)
        case ast.If(_, body, orelse):
            yield ast.If(ast.Constant(True), body, orelse)
            yield ast.If(ast.Constant(False), body, orelse)
        case ast.Return(ast.Constant(None)) if holder.startswith("_"):
            yield ast.Return(_expression("_refused(Reason.BAD_ITEM)"))
        case ast.Return(value) if value is not None:
            yield ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()) | ast.Assign([ast.Subscript()]):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.AnnAssign(target, annotation, ast.Constant(None)):
            kind = ast.unparse(annotation).removesuffix(" | None")
            if kind in _ABSENT and holder[:1].isupper():
                yield ast.AnnAssign(target, annotation, _expression(_ABSENT[kind]), 1)


def _is_type(node: ast.AST) -> bool:
    """Whether a tuple stands in an annotation, such as `tuple[str, ...]`."""
    return isinstance(node, ast.Tuple) and any(
        isinstance(each, ast.Constant) and each.value is ... for each in node.elts
    )


Put = Callable[[Any], None]


def _places(node: ast.AST, statement: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, Put]]:
    """Every node below `node` with its statement and what puts another in its place."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "bases"):
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for place, child in children:
            if not isinstance(child, ast.AST) or _is_words(child) or getattr(child, "name", "") in _BESIDE:
                continue

            def put(other: Any, value: Any = value, field: str = field, place: int | None = place) -> None:
                if place is None:
                    setattr(node, field, other)
                else:
                    value[place] = other

            inside = child if isinstance(child, ast.stmt) else statement
            yield child, inside, put
            yield from _places(child, inside)


def _is_words(node: ast.AST) -> bool:
    """Whether this is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _change(old: ast.AST, new: ast.AST) -> str:
    """What was changed, in source."""
    if isinstance(old, ast.Dict) and isinstance(new, ast.Dict):
        return "without " + next(ast.unparse(key) for key in old.keys if key and key not in new.keys)
    return f"{_line(old)} -> {_line(new)}"


def _line(node: ast.AST) -> str:
    """A node as one line; of a compound statement its head."""
    return " ".join(ast.unparse(node).split("\n")[0].split())


def mutants() -> Iterator[Mutant]:
    """All of them, in the order of the file."""
    tree = ast.parse(inspect.getsource(rules))
    used = _used(tree)
    values = [node for node in tree.body if _defined(node) is not None and not isinstance(node, ast.ClassDef)]
    seen: Counter[str] = Counter()
    for definition in used:
        holder = _defined(definition) or ""
        is_class = isinstance(definition, ast.ClassDef)
        body = tree if is_class else ast.Module(values, [])
        whole = ast.Module([definition], [])
        for node, statement, put in _places(whole, definition):
            for other in _instead(node, holder):
                head, change = _line(statement), _change(node, other)
                put(other)
                ast.fix_missing_locations(body)
                code = compile(body, "mutant", "exec")
                put(node)
                whole_statement = statement is definition or statement is node
                place = f"{holder}: {change}" if whole_statement else f"{holder}: {head}: {change}"
                seen[place] += 1
                if seen[place] > 1:
                    place += f" ({seen[place]})"
                yield Mutant(place, code, is_class)
