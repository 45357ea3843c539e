"""Which messages of clients take the short way, and that it says the same of them as the long one."""

import json
from typing import Any

import pytest

from tertulia.core.flags import IMPORTANT, NO_PREVIEW
from tertulia.core.histories import Target
from tertulia.core.ids import ChatId
from tertulia.dialects.tada.client_events import Place
from tertulia.dialects.tada.hearing import Heard, read
from tertulia.dialects.tada.limits import MAX_MESSAGE
from tertulia.dialects.tada.plain import MOST_PLACES, Places, plain_draft
from tertulia.web.wire import JsonLimits

UID = "3f0c8e6a-1b2d-4c3e-8f90-0123456789ab"
HERE = Place(ChatId(7), Target(chat_id=ChatId(7)))
KNOWN = {"group-here": HERE}


def event(content: object = None, *, confirm_id: object = "c1", **params: object) -> bytes:
    said: dict[str, Any] = {"to": "group-here", "message_id": UID}
    said |= {"content": {"type": "plain", "text": "hello"} if content is None else content} | params
    return json.dumps(
        {"event": "client.message.updated", "confirm_id": confirm_id, "params": said}
    ).encode()


def test_words_in_a_known_chat_are_a_draft() -> None:
    plain = plain_draft(
        event({"text": "здравствуй\t\\u0000"}, important=True, nopreview=None), KNOWN
    )
    assert plain is None, "it may have a sign in it that is not kept"
    plain = plain_draft(event({"text": "здравствуй"}, important=True, nopreview=None), KNOWN)
    assert plain is not None
    draft, confirm_id = plain
    assert (draft.chat_id, draft.text, draft.uid, draft.flags) == (7, "здравствуй", UID, IMPORTANT)
    assert draft.reads
    assert confirm_id == "c1"
    both = plain_draft(event(important=False, nopreview=True), KNOWN)
    assert both is not None
    assert both[0].flags == NO_PREVIEW


@pytest.mark.parametrize(
    "message",
    [
        event(to="group-elsewhere"),
        event(to=7),
        event({"type": "contact", "text": "hello"}),
        event({"text": "hello", "upload": "x"}),
        event({"text": " \n"}),
        event({"text": "x" * (MAX_MESSAGE + 1)}),
        event({"text": None}),
        event([]),
        event(reply_to=UID),
        event(uploads=[]),
        event(message_id=None),
        event(message_id=UID.upper()),
        event(message_id=UID + "\n"),
        event(message_id=UID[:14] + "8" + UID[15:]),
        event(important="yes"),
        event(confirm_id=5),
        event()[:-1],
        event().replace(b"hello", b"\xff"),
        event().replace(b"hello", b"\\ud83d"),
        event().replace(b"client.message.updated", b"client.message.deleted"),
        b"[" * 5_000,
    ],
)
def test_whatever_else_there_is_to_it_takes_the_long_way(message: bytes) -> None:
    assert plain_draft(message, KNOWN) is None


def test_what_took_the_short_way_can_be_read_the_long_way() -> None:
    message = event({"text": '\\ " é 😀'})
    plain, heard = plain_draft(message, KNOWN), read(message, JsonLimits())
    assert plain is not None
    assert isinstance(heard, Heard)
    assert heard.params["content"]["text"] == plain[0].text
    assert heard.message == message


def test_places_are_forgotten_when_chats_may_be_elsewhere_and_when_they_are_many() -> None:
    places = Places()
    assert not places.known(0)
    places.note(3, "group-here", HERE)
    assert places.known(3) == KNOWN
    assert not places.known(4)
    places.note(4, "group-other", HERE)
    assert set(places.known(4)) == {"group-other"}
    for number in range(MOST_PLACES):
        places.note(4, f"group-{number}", HERE)
    assert len(places.known(4)) <= MOST_PLACES
