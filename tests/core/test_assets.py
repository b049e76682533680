"""Static files keep their hashed names only while they are what the manifest says."""

import hashlib
import json
from pathlib import Path

from hubevents.core.assets import Assets, Manifest, root


def make(static: Path, own: dict[str, str]) -> None:
    for name, text in own.items():
        file = static / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    manifest = {
        "assets": {"base.css": "vendor/base.0000000000.css"}
        | {name: "vendor/" + name.replace(".", ".1111111111.") for name in own},
        "sources": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in own.items()},
    }
    for path in manifest["assets"].values():
        (static / path).parent.mkdir(parents=True, exist_ok=True)
        (static / path).touch()
    (static / "vendor/manifest.json").write_text(json.dumps(manifest))


def test_root_holds_templates_and_static() -> None:
    assert (root() / "templates").is_dir()
    assert (root() / "static").is_dir()


def test_without_a_manifest_plain_paths_are_given_and_the_manifest_is_missing(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    assert assets.url("css/theme.css") == "/static/css/theme.css"
    assert assets.missing() == ("vendor/manifest.json",)
    assert Manifest.read(tmp_path) == Manifest()


def test_hashed_names_are_given(tmp_path: Path) -> None:
    make(tmp_path, {"css/theme.css": "a{}", "js/theme.js": "1"})
    assets = Assets(tmp_path)
    assert assets.url("css/theme.css") == "/static/vendor/css/theme.1111111111.css"
    assert assets.url("base.css") == "/static/vendor/base.0000000000.css"
    assert assets.missing() == ()


def test_one_edited_file_makes_all_own_names_plain_but_not_those_of_packages(tmp_path: Path) -> None:
    make(tmp_path, {"css/theme.css": "a{}", "js/theme.js": "1"})
    (tmp_path / "js/theme.js").write_text("2")
    assets = Assets(tmp_path)
    assert assets.url("css/theme.css") == "/static/css/theme.css"
    assert assets.url("base.css") == "/static/vendor/base.0000000000.css"


def test_an_own_file_that_vanished_is_an_edit(tmp_path: Path) -> None:
    make(tmp_path, {"css/theme.css": "a{}", "js/theme.js": "1"})
    (tmp_path / "js/theme.js").unlink()
    assert Assets(tmp_path).url("css/theme.css") == "/static/css/theme.css"


def test_watching_sees_an_edit_and_its_undoing(tmp_path: Path) -> None:
    make(tmp_path, {"css/theme.css": "a{}"})
    once, watching = Assets(tmp_path), Assets(tmp_path, watch=True)
    (tmp_path / "css/theme.css").write_text("b{} ")
    assert once.path("css/theme.css") == "vendor/css/theme.1111111111.css"
    assert watching.path("css/theme.css") == "css/theme.css"
    (tmp_path / "css/theme.css").write_text("a{}")
    assert watching.path("css/theme.css") == "vendor/css/theme.1111111111.css"


def test_missing_names_the_files_that_are_not_there(tmp_path: Path) -> None:
    make(tmp_path, {"css/theme.css": "a{}"})
    (tmp_path / "vendor/base.0000000000.css").unlink()
    assert Assets(tmp_path).missing() == ("base.css",)
