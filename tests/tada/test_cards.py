"""Cards are what Tada's clients have attached; whatever else is attached is none."""

import pytest

from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.message_model import Message
from tertulia.dialects.tada import cards
from tertulia.dialects.tada.cards import Card

CARD = Card("Чай Иван", "Иван", "Чай")


def message(text: str, extra: str) -> Message:
    return Message(MessageId(9), ChatId(8), 5, AccountId(7), text, 1_790_000_000_123, extra=extra)


def test_what_was_attached_is_shown() -> None:
    shown = cards.card_content(message("Чай Иван", cards.attach(CARD)))

    assert shown == {
        "type": "contact",
        "text": "Чай Иван",
        "given_name": "Иван",
        "family_name": "Чай",
        "patronymic": "",
        "phones": [],
        "emails": [],
    }


@pytest.mark.parametrize(
    "extra",
    [
        "",
        '{"tada_contact": 5}',
        '{"tada_contact":{"text":"Чай Иван","phones":"+7"}}',
        '{"tada_contact":{"given_name":"Иван"}}',
        '{"x":{"tada_contact":{"text":"Чай Иван"}}}',
        cards.attach(Card("other words")),
    ],
)
def test_what_looks_like_a_card_is_none(extra: str) -> None:
    assert cards.card_content(message("Чай Иван", extra)) is None
