"""Build hook: compiles the catalogues, because the wheel carries .mo files that git does not."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface[Any]):
    """Compiles every `messages.po` of `hubevents/translations` and refuses a wheel without front-end files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before files are collected; an editable install needs neither."""
        if version == "editable":
            return
        root = Path(self.root)
        if not (root / "static" / "vendor" / "manifest.json").is_file():
            raise RuntimeError("static/vendor is missing: run `make setup` first, the wheel must not need Node")
        for source in sorted((root / "hubevents" / "translations").glob("*/LC_MESSAGES/messages.po")):
            with source.open("rb") as file:
                catalogue = read_po(file, locale=source.parent.parent.name)
            with source.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalogue)
