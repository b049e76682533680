"""Reading pages as a browser would."""

from html.parser import HTMLParser
from typing import Any


def posted(html: str) -> dict[str, Any]:
    """The fields of the last form of a page with the values that a browser sends."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.values: dict[str, Any] = {}
            self.area: str | None = None
            self.select: str | None = None

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = {name: value or "" for name, value in attrs}
            name = given.get("name", "")
            if tag == "input" and name and given.get("type") not in ("submit", "file", "search"):
                if given.get("type") in ("checkbox", "radio"):
                    if "checked" in given:
                        self.values.setdefault(name, [])
                        self.values[name].append(given.get("value", "y"))
                else:
                    self.values[name] = given.get("value", "")
            elif tag == "textarea":
                self.area = name
                self.values[name] = ""
            elif tag == "select":
                self.select = name
            elif tag == "option" and self.select and ("selected" in given or self.select not in self.values):
                self.values[self.select] = given.get("value", "")

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea":
                self.area = None
            elif tag == "select":
                self.select = None

        def handle_data(self, data: str) -> None:
            if self.area:
                self.values[self.area] += data

    reader = Reader()
    reader.feed(html)
    return reader.values
