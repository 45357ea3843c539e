"""Somebody's card: a message with five fields beside its words (`content` of the type `contact`).

Other APIs see its lines. The fields lie in what a client may attach to a message, together with the words
they belong to: when these are changed, it is a card no more.
"""

from typing import Any

import msgspec

from tertulia.core.message_model import Message
from tertulia.dialects.tada import errors
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.limits import MAX_MESSAGE

NAMES = ("family_name", "given_name", "patronymic")
LISTS = ("phones", "emails")
MOST_OF_A_LIST = 100

_KEY = '"tada_contact"'


class Card(msgspec.Struct):
    """The fields, and the words they were sent as."""

    text: str
    given_name: str = ""
    family_name: str = ""
    patronymic: str = ""
    phones: list[str] = []
    emails: list[str] = []


class Attached(msgspec.Struct):
    """What is attached to the message."""

    tada_contact: Card


def read_card(content: Fields) -> Card:
    """The card in a client's `content`; what is wrong is noted there."""
    names = {key: content.text(key) or "" for key in NAMES}
    lists = {key: content.texts(key, most_items=MOST_OF_A_LIST) or [] for key in LISTS}
    lines = [" ".join(filter(None, names.values())), *lists["phones"], *lists["emails"]]
    text = "\n".join(filter(str.strip, lines))
    if len(text) > MAX_MESSAGE:
        content.note("text", errors.too_long(MAX_MESSAGE, len(text)))
    return msgspec.convert({"text": text, **names, **lists}, Card)


def attach(card: Card) -> str:
    """What goes into `Draft.extra`."""
    return msgspec.json.encode(Attached(card)).decode()


def is_card(message: Message) -> bool:
    """Whether the message may be one: a quick look."""
    return _KEY in message.extra


def card_content(message: Message) -> dict[str, Any] | None:
    """`content` of a message that is a card; None: it is none."""
    if not is_card(message):
        return None
    try:
        card = msgspec.json.decode(message.extra, type=Attached).tada_contact
    except msgspec.ValidationError:
        # Somebody else's attachment that happens to have such a key.
        return None
    if card.text != message.text:
        return None
    return {"type": "contact", **msgspec.to_builtins(card)}
