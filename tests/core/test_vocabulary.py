"""Vocabularies: the built-in words are whole, a hub's own lie over them, a bad file says where."""

from pathlib import Path

import pytest

from hubevents.core import vocabulary
from hubevents.core.vocabulary import VocabularyError, load

BUILT_IN = load()
NAMES = sorted(vocabulary._ATTRIBUTES)


def overlay(folder: Path, name: str, text: str) -> Path:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_every_term_has_words_in_both_languages(name: str) -> None:
    terms = getattr(BUILT_IN, name).terms
    assert [term.key for term in terms if not (term.words.has("bg") and term.words.has("en"))] == []
    assert [term.key for term in terms if any(text != text.strip() for text in term.words.values())] == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["bg", "en"])
def test_no_two_terms_read_alike(name: str, language: str) -> None:
    texts = [text for _, text in getattr(BUILT_IN, name).choices(language)]
    assert len(texts) == len(set(texts))


def test_the_kinds_are_those_of_domain() -> None:
    assert BUILT_IN.kinds.keys == (
        "conference", "council", "meeting", "lecture", "seminar", "workshop", "training", "webinar", "roundtable",
        "infoday", "demoday", "bootcamp", "hackathon", "matchmaking", "investor_day", "study_visit", "press",
        "exchange", "other",
    )  # fmt: skip


def test_kinds_have_words_for_many_and_defaults() -> None:
    assert BUILT_IN.kinds.plural("training", "bg") == "Обучения"
    assert BUILT_IN.kinds.plural("lecture", "en") == "Lectures"
    training = BUILT_IN.kinds.term("training")
    assert (training.get("service_category"), training.get("schema_org"), training.is_set("several_dates")) == (
        "skills",
        "EducationEvent",
        True,
    )
    assert BUILT_IN.kinds.term("press").get("service_category") is None
    assert [kind.key for kind in BUILT_IN.kinds if not kind.plurals.has("bg") or not kind.get("minutes")] == []


def test_sizes_of_the_vocabularies() -> None:
    assert {name: len(getattr(BUILT_IN, name)) for name in NAMES} == {
        "aid_bases": 9,
        "digcomp_2_2": 26,
        "digcomp_2_2_levels": 4,
        "digcomp_3_0": 26,
        "digcomp_3_0_levels": 4,
        "districts": 28,
        "formats": 4,
        "kinds": 19,
        "languages": 30,
        "organisation_sizes": 4,
        "organisation_types": 23,
        "sectors": 25,
        "service_categories": 4,
        "technologies": 34,
    }


def test_exports_are_the_strings_of_the_tool() -> None:
    assert BUILT_IN.service_categories.term("tbi").get("export") == "Test before invest"
    assert BUILT_IN.sectors.term("consumer_goods").get("export") == "Consumer goods/products"
    assert BUILT_IN.organisation_types.term("pso_school").get("export") == "PSO"
    assert [term.key for term in BUILT_IN.technologies if not term.get("export")] == []


def test_districts_have_their_codes_and_stand_in_bulgarian_order() -> None:
    names = [text for _, text in BUILT_IN.districts.choices("bg")]
    assert names == sorted(names)
    assert BUILT_IN.districts.term("stara_zagora").get("nuts") == "BG344"
    assert len({term.get("nuts") for term in BUILT_IN.districts}) == 28


def test_both_frameworks_have_the_same_ids() -> None:
    assert BUILT_IN.digcomp_2_2.keys == BUILT_IN.digcomp_3_0.keys
    assert BUILT_IN.digcomp_3_0.text("3.4", "en") == "Computational thinking and programming"


def test_an_unknown_key_shows_itself() -> None:
    assert BUILT_IN.kinds.text("<b>", "bg") == "<b>"
    assert BUILT_IN.kinds.plural("gone", "bg") == "gone"
    assert "gone" not in BUILT_IN.kinds
    assert None not in BUILT_IN.kinds


def test_a_language_without_words_falls_back() -> None:
    assert BUILT_IN.kinds.text("lecture", "de") == "Лекция"


def test_a_folder_need_not_exist(tmp_path: Path) -> None:
    assert load(tmp_path / "none").kinds.keys == BUILT_IN.kinds.keys
    assert load(tmp_path).kinds.keys == BUILT_IN.kinds.keys


def test_a_hub_adds_renames_and_hides(tmp_path: Path) -> None:
    kinds = load(
        overlay(
            tmp_path,
            "kinds",
            '[concert]\nbg = "Концерт"\nminutes = 90\n'
            '[lecture]\nde = "Vortrag"\nbg = "Беседа"\n[press]\nhidden = true\n',
        )
    ).kinds
    assert kinds.keys == (*(key for key in BUILT_IN.kinds.keys[:-1] if key != "press"), "concert", "other")
    assert (kinds.text("lecture", "bg"), kinds.text("lecture", "de"), kinds.text("lecture", "en")) == (
        "Беседа",
        "Vortrag",
        "Lecture",
    )
    assert kinds.plural("lecture", "bg") == "Лекции"
    assert kinds.plural("concert", "bg") == "Концерт"
    assert "press" not in kinds
    assert kinds.text("press", "bg") == "Пресконференция"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("kinds", "[lecture]\nbg = Лекция\n", "kinds.toml: Invalid value (at line 2, column 6)"),
        ("kinds", "[lecture]\nbg = 5\n", "kinds.toml: lecture: bg must be a text that is not blank"),
        ("kinds", "[lecture]\nbg = ' '\n", "kinds.toml: lecture: bg must be a text that is not blank"),
        ("kinds", "[lecture]\nminutes = true\n", "kinds.toml: lecture: minutes must be of the type whole number"),
        ("kinds", "[lecture]\nhidden = 'yes'\n", "kinds.toml: lecture: hidden is true or false"),
        (
            "kinds",
            "[lecture]\nplural = 'Лекции'\n",
            'kinds.toml: lecture: plural is a table of words by language: { bg = "...", en = "..." }',
        ),
        ("kinds", "lecture = 1\n", "kinds.toml: lecture: must be a table: write [lecture] and the words below it"),
        (
            "formats",
            "[onsite]\nprice = 1\n",
            "formats.toml: onsite: price means nothing here; there are language codes, hidden, plural",
        ),
        ("kinds", "[concert]\nminutes = 90\n", "kinds.toml: concert: has no words in any language"),
        (
            "kinds",
            "['a,b']\nbg = 'x'\n",
            "kinds.toml: a,b: a key is at most 30 small Latin letters, digits, _ and . (quoted when it holds a point)",
        ),
        (
            "kinds",
            "[lecture]\nservice_category = 'x'\n",
            "kinds.toml: lecture: service_category = 'x' is no key of service_categories",
        ),
        (
            "kind",
            "[lecture]\n",
            f"kind.toml: no vocabulary of this name; there are {', '.join(vocabulary._ATTRIBUTES)}",
        ),
    ],
)
def test_a_bad_file_gives_one_clear_error(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(VocabularyError) as caught:
        load(overlay(tmp_path, name, text))
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_a_default_may_be_hidden_in_its_vocabulary(tmp_path: Path) -> None:
    loaded = load(overlay(tmp_path, "service_categories", "[tbi]\nhidden = true\n"))
    assert loaded.kinds.term("demoday").get("service_category") == "tbi"
    assert "tbi" not in loaded.service_categories
    assert loaded.service_categories.knows("tbi")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "sectors.toml").write_bytes(b"[other]\nbg = '\xff'\n")
    with pytest.raises(VocabularyError, match=r"sectors\.toml: 'utf-8' codec"):
        load(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "formats.toml").write_bytes('\ufeff[online]\nbg = "През интернет"\n'.encode())
    assert load(tmp_path).formats.text("online", "bg") == "През интернет"
