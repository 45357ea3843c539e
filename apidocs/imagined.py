"""What stands on a page, with made-up values for all that it leaves open.

The same page always gives the same values, so the descriptions change only when a page does.
"""

import hashlib
import uuid
from collections.abc import Mapping

from tests.wire import shapes
from tests.wire.pages import TADA, Group, Page, Said, phone_of
from tests.wire.shapes import ANY_ORDER, CAPTURE, HOLDER, OBJECT, REST, Json

SAMPLES: dict[str, Json] = {
    "24 hex": "63077ad836b78c3d82af0812",
    "date": "2026-03-01T10:01:00.120Z",
    "text": "text",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJfaWQiOiI2MzA3N2FkIn0.c2lnbmF0dXJl",
    "url-safe": "hV3kXJqLrE2n9YtQ",
    "moment": "2026-03-01T10:01:00.120000Z",
    "work time": "1.3ms",
    "time": "2026-03-01T10:01:00+00:00",
    "uuid": "5cf0b1a1-6a8b-4d0e-9c57-3d1f0a4e7b21",
    "contact": "d-5cf0b1a1-6a8b-4d0e-9c57-3d1f0a4e7b21",
    "group": "g-5cf0b1a1-6a8b-4d0e-9c57-3d1f0a4e7b21",
    "task": "t-5cf0b1a1-6a8b-4d0e-9c57-3d1f0a4e7b21",
    "token": "mJ8Yw3vCzq0LhT5nRk2bX7dPfS9aGu1E",
    "ticket": "q7Rk2bX7dPfS9aGu",
    "key": "mJ8Yw3vCzq0LhT5nRk2bX7dPfS9",
    "color": "2a7f62",
    "seconds": 1_772_359_260,
    "ms": 1_772_359_260_120,
    "gentime": 1_772_359_260_120_000_000,
    "number": 42,
    "anything": None,
}

MOST_REPEATED = 60
"""Characters of a text that only shows how long one may be."""


class Imagination:
    """What the names of one page stand for."""

    def __init__(self, page: Page, known: Mapping[str, Json]) -> None:
        """*known*: the shapes of the dialect's objects."""
        self._page = page
        self._dialect = page.path.parent.name
        self._known = known
        self._values: dict[str, Json] = {}

    def value(self, told: Json) -> Json:
        """The same JSON as a client would see it."""
        match told:
            case str():
                whole = HOLDER.fullmatch(told)
                return self._holder(whole[1]) if whole else self.text(told)
            case list():
                return [self.value(each) for each in told if each not in (ANY_ORDER, REST)]
            case dict():
                return {
                    self.text(key.removesuffix("?")): self.value(each)
                    for key, each in told.items()
                    if key != REST
                }
            case _:
                return told

    def text(self, told: str) -> str:
        """A line with names in it."""
        return HOLDER.sub(lambda found: str(self._holder(found[1])), told)

    def _holder(self, holder: str) -> Json:
        if capture := CAPTURE.fullmatch(holder):
            found = self._values[capture["name"]] = self._holder(capture["shape"])
            return found
        if holder in self._values:
            return self._values[holder]
        if holder in SAMPLES:
            return SAMPLES[holder]
        if shapes.AFTER.fullmatch(holder):
            return SAMPLES["date"]
        if shapes.SECONDS_OF.fullmatch(holder):
            return SAMPLES["seconds"]
        if repeat := shapes.REPEAT.fullmatch(holder):
            return repeat["what"] * min(int(repeat["count"]), MOST_REPEATED)
        if shapes.IDS.fullmatch(holder):
            return [SAMPLES["24 hex"]]
        if (known := OBJECT.fullmatch(holder)) and known["shape"] in self._known:
            self._values["it"] = self._holder(known["name"])
            return self.value(self._known[known["shape"]])
        return self._named(holder)

    def _named(self, name: str) -> Json:
        """Somebody or something of the page."""
        person, _, what = name.partition(".")
        cast = {role.person for role in self._page.cast}
        if what == "phone" and person in cast:
            return phone_of(self._page.cast, person)
        if any(role.receiver and role.person == name for role in self._page.cast):
            return f"https://{name}.example.org"
        if what or name in {"client", "secret"}:
            return f"{what or name}-of-{person.replace('/', '-')}"
        digest = hashlib.sha256(name.encode()).hexdigest()
        if self._dialect == TADA:
            made = str(uuid.UUID(digest[:32], version=4))
            groups = {each.name for each in self._page.stage if isinstance(each, Group)}
            said = {each.name for each in self._page.stage if isinstance(each, Said)}
            if name in groups:
                return f"g-{made}"
            return made if name in said or "/" not in name else f"d-{made}"
        return digest[:24] if self._dialect == "sama" else int(digest[:8], 16)
