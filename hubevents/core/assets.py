"""Where templates and static files lie, and the address of each static file.

The names in `static/vendor/` change with the content, so they may be cached for ever; `assets.mjs` writes
them together with `manifest.json`. Nothing here knows Flask: the app makes one `Assets` and hands its `url`
to the templates as `asset`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
MANIFEST = "vendor/manifest.json"


def root() -> Path:
    """The folder of `templates/` and `static/`: `hubevents/_web` in a wheel, else the repository."""
    packed = PACKAGE / "_web"
    return packed if packed.is_dir() else PACKAGE.parent


@dataclass(frozen=True)
class Manifest:
    """What `assets.mjs` made: hashed paths by logical name, and the SHA-256 (hex) of each own source."""

    assets: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, static: Path) -> "Manifest":
        """The manifest below `static`; an empty one when the assets were not made yet."""
        try:
            content = json.loads((static / MANIFEST).read_bytes())
        except FileNotFoundError:
            return cls()
        return cls(assets=content["assets"], sources=content["sources"])


class Assets:
    """Addresses of static files, below `prefix`.

    An own file is served under its hashed name only while no own file has changed since the assets were
    made: modules name each other by hashed names, so one edit makes all of them stale. Then, and without a
    manifest, the plain path is given. `watch` looks again at every call (development); else files are read
    once.
    """

    def __init__(self, static: Path, *, prefix: str = "/static/", watch: bool = False) -> None:
        self.static = static
        self.prefix = prefix
        self.watch = watch
        self._load()

    def _load(self) -> None:
        self.manifest = Manifest.read(self.static)
        self._seen = self._signature() if self.watch else ()
        self.fresh = all(self._unchanged(name, digest) for name, digest in self.manifest.sources.items())

    def _signature(self) -> tuple[tuple[str, int], ...]:
        files = [self.static / MANIFEST, *(self.static / name for name in self.manifest.sources)]
        return tuple((str(file), file.stat().st_mtime_ns if file.exists() else 0) for file in files)

    def _unchanged(self, name: str, digest: str) -> bool:
        try:
            return hashlib.sha256((self.static / name).read_bytes()).hexdigest() == digest
        except FileNotFoundError:
            return False

    def path(self, name: str) -> str:
        """The path below `static` of a logical name such as `css/theme.css` or `htmx.min.js`."""
        if self.watch and self._signature() != self._seen:
            self._load()
        hashed = self.manifest.assets.get(name)
        if hashed is not None and (self.fresh or name not in self.manifest.sources):
            return hashed
        return name

    def url(self, name: str) -> str:
        """The address of a logical name, to be used as `asset(...)` in templates."""
        return self.prefix + self.path(name)

    def missing(self) -> tuple[str, ...]:
        """Logical names whose file is not there, sorted; the manifest's own path when nothing was made."""
        if not self.manifest.assets:
            return (MANIFEST,)
        return tuple(sorted(name for name, path in self.manifest.assets.items() if not (self.static / path).is_file()))
