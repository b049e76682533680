"""Habits that no linter sees: words for every code, texts in every language, settings in README (DESIGN 5)."""

import ast
import importlib
import inspect
import re
import string
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
import wtforms
from alembic import command
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import hubevents
from hubevents.core import config, schema
from hubevents.core.errors import DomainError
from hubevents.reactions import REACTIONS
from hubevents.web import messages

PACKAGE = Path(hubevents.__file__).resolve().parent
ROOT = PACKAGE.parent
TRANSLATIONS = PACKAGE / "translations"
TRANSLATED = [language for language in config.LANGUAGES if language != "en"]
"""The language of the texts in the source is English."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a module with the last part of the called name."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            yield name, node


# --- settings and commands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", config.NAMES)
def test_every_setting_is_explained_in_the_readme(name: str):
    assert re.search(rf"\bHUBEVENTS_{name}\b", (ROOT / "README.md").read_text("utf-8")), (
        f"README.md needs a line for HUBEVENTS_{name}"
    )


def test_the_readme_names_no_setting_that_does_not_exist():
    named = set(re.findall(r"\bHUBEVENTS_([A-Z_]+)\b", (ROOT / "README.md").read_text("utf-8")))
    assert {name for name in named if not name.startswith("TEST_")} <= set(config.NAMES)


# --- words for refusals ----------------------------------------------------------------------------------------------


def refusals() -> set[str]:
    """DomainError and all its subclasses in the tree, by name."""
    for path in MODULES:
        importlib.import_module(name_of(path).removesuffix(".py").replace("/__init__", "").replace("/", "."))
    found, waiting = {DomainError.__name__}, [DomainError]
    while waiting:
        for sub in waiting.pop().__subclasses__():
            found.add(sub.__name__)
            waiting.append(sub)
    return found


def test_every_refusal_has_words():
    names = refusals()
    raised: dict[str, str] = {}
    for path in MODULES:
        for name, call in calls(path):
            if name in names and call.args and isinstance(call.args[0], ast.Constant):
                raised.setdefault(str(call.args[0].value), f"{name_of(path)}:{call.lineno}")
    assert len(raised) > 10
    assert {code: where for code, where in raised.items() if code not in messages.codes()} == {}


# --- texts in every language -----------------------------------------------------------------------------------------


KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]


@cache
def texts() -> Catalog:
    """Every text of our code and templates and of WTForms, as `make catalogues` collects them."""
    catalogue = Catalog()
    for folder in (PACKAGE, ROOT / "templates", Path(wtforms.__file__).parent):
        options = {"**.html": {"silent": "false"}, "**.txt": {"silent": "false"}}
        for found in extract_from_dir(folder, METHODS, options, KEYWORDS):
            catalogue.add(found[2], context=found[4])
    return catalogue


@cache
def catalogue(language: str) -> Catalog:
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def placeholders(text: str) -> list[str]:
    """The placeholders of a text in both styles, sorted: `%(name)s`, `{name}`."""
    percent = re.findall(r"%\(\w+\)[sd]|%[sd]", text)
    try:
        braces = [f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        braces = []
    return sorted(percent + braces)


def forms(message: Message) -> tuple[list[str], list[str]]:
    """The texts of a message and of its translation, one for each plural."""
    ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
    said = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return [str(text) for text in ids], [str(text or "") for text in said]


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_every_text(language: str):
    known = catalogue(language)
    lacking = []
    for message in texts():
        if not message.id:
            continue
        there = known.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        if there is None or not all(forms(there)[1]):
            lacking.append(forms(message)[0][0])
    assert lacking == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_in_the_catalogue_is_fuzzy_or_forgotten(language: str):
    known = catalogue(language)
    assert [message.id for message in known if message.id and message.fuzzy] == []
    used = {(forms(message)[0][0], message.context) for message in texts()}
    unused = [forms(m)[0][0] for m in known if m.id and (forms(m)[0][0], m.context) not in used]
    assert unused == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_keeps_every_placeholder(language: str):
    wrong = []
    for message in catalogue(language):
        if not message.id:
            continue
        ids, said = forms(message)
        for number, text in enumerate(said):
            source = ids[min(number, len(ids) - 1)]
            if text and placeholders(text) != placeholders(source):
                wrong.append((source, text))
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_compiles_and_has_the_plurals_of_its_language(language: str):
    known = catalogue(language)
    assert (known.num_plurals, known.plural_expr) == (2, "(n != 1)")
    write_mo(BytesIO(), known)


# --- facts -----------------------------------------------------------------------------------------------------------


def test_every_fact_is_listed_in_reactions():
    listed = {fact.__name__ for fact in REACTIONS}
    recorded: dict[str, str] = {}
    for path in MODULES:
        for name, call in calls(path):
            if name == "record" and call.args and isinstance(call.args[0], ast.Call):
                fact = call.args[0].func
                recorded[getattr(fact, "id", None) or getattr(fact, "attr", "")] = f"{name_of(path)}:{call.lineno}"
    assert {fact: where for fact, where in recorded.items() if fact not in listed} == {}


def test_every_fact_that_a_feature_declares_is_listed_in_reactions():
    lacking = []
    for path in sorted(PACKAGE.glob("*/facts.py")):
        if path.parent.name == "core":
            continue
        module = importlib.import_module(f"hubevents.{path.parent.name}.facts")
        source = path.read_text("utf-8")
        for name, value in vars(module).items():
            if not is_dataclass(value) or getattr(value, "__module__", "") != module.__name__:
                continue
            part_of_another = re.search(rf":.*\b{name}\b", source)
            if value not in REACTIONS and not part_of_another:
                lacking.append(f"{module.__name__}.{name}")
    assert lacking == []


# --- code and templates ----------------------------------------------------------------------------------------------


def test_only_the_browser_module_touches_flasks_session():
    guilty = []
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            imported = isinstance(node, ast.ImportFrom) and node.module == "flask"
            if imported and any(alias.name == "session" for alias in node.names):
                guilty.append(name_of(path))
    assert guilty == ["hubevents/web/browser.py"]


INLINE = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "a script without src": r"<script\b(?![^>]*\bsrc\s*=)(?![^>]*\btype\s*=\s*[\"']application/(?:ld\+)?json)",
    "a handler attribute": r"<[^>]*\son[a-z]+\s*=",
    "a javascript: address": r"javascript:",
}


@pytest.mark.parametrize("what", INLINE)
def test_templates_hold_nothing_that_the_csp_forbids(what: str):
    guilty = []
    for path in TEMPLATES:
        if "mail" in path.relative_to(ROOT / "templates").parts:  # mail programs know no style sheets
            continue
        text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        if re.search(INLINE[what], text, re.IGNORECASE):
            guilty.append(name_of(path))
    assert guilty == []


def test_every_package_has_tests_that_mirror_it():
    packages = {path.parent for path in MODULES if path.name != "__init__.py"} - {PACKAGE}
    packages = {path for path in packages if path.parent == PACKAGE or path.parent.parent == PACKAGE}
    lacking = []
    for package in sorted(packages):
        mirror = ROOT / "tests" / package.relative_to(PACKAGE)
        # A module that became a folder (agenda/formats/) may keep the one test file of its name.
        if not (any(mirror.rglob("test_*.py")) or mirror.with_name(f"test_{mirror.name}.py").exists()):
            lacking.append(name_of(package))
    assert lacking == []


def test_our_own_scripts_say_what_they_are_for():
    own = [path for path in (ROOT / "static").rglob("*.js") if not path.is_relative_to(ROOT / "static" / "vendor")]
    assert [name_of(path) for path in own if not path.read_text("utf-8").lstrip().startswith(("/**", "//", "/*"))] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"])
def test_locks_have_hashes_and_no_host_names(name: str):
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    entries = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE | re.IGNORECASE)
    assert len(entries) == len(re.findall(r"==[^\n]*\\\n\s+--hash=sha256:", text))


def test_the_npm_lock_holds_no_download_addresses():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf-8")


def test_the_runtime_lock_is_part_of_the_development_lock():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([^\s#]+==[^\s;\\]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    assert pins("requirements.lock") - pins("requirements-dev.lock") == set()


def test_migrations_make_exactly_the_tables_of_the_models(ctx):
    """`hubevents db check` on both engines: no model was changed without a migration."""
    command.check(schema.migrate.get_config(str(schema.DIRECTORY)))


def test_reactions_are_functions_of_one_fact():
    for fact, functions in REACTIONS.items():
        for function in functions:
            assert len(inspect.signature(function).parameters) == 1, f"{fact.__name__}: {function}"
