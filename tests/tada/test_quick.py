"""A plain message said quickly is the message said in full, and counters are what clients can read."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import MessagePosted
from tertulia.core.flags import IMPORTANT
from tertulia.core.ids import AccountId, ChatId, MessageId, TeamId, TeamMemberId
from tertulia.core.message_model import Attachment, Message, MessageRef
from tertulia.core.model import ChatKind
from tertulia.core.team_model import Team, TeamMember, TeamStatus
from tertulia.dialects.tada import quick
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.ids import Kind, to_jid
from tertulia.dialects.tada.messages import Looking, shown
from tertulia.dialects.tada.packets import new_confirm_id
from tertulia.dialects.tada.quick import Names, Posted
from tertulia.dialects.tada.rosters import Roster
from tertulia.dialects.tada.wire.envelope import encode

TEAM, CHAT = TeamId(70), ChatId(80)
ANNA, BORIS = AccountId(11), AccountId(12)
WINDOW_S = 3_600
DESK = cast("TadaDesk", SimpleNamespace(public_url="http://x", key="k"))
UID = "3f1c9a70-5d4e-4b1a-9c55-0a1b2c3d4e5f"


def jid(account_id: AccountId) -> str:
    return to_jid(Kind.CONTACT, account_id + 100)


def event(text: str, kind: ChatKind, uid: str, prev: MessageRef | None, num: int) -> MessagePosted:
    message = Message(MessageId(9_000), CHAT, 5, ANNA, text, 1_790_000_000_123, uid=uid)
    partner = BORIS if kind is ChatKind.DIRECT else None
    return MessagePosted(message, kind, 0, (), TEAM, partner, prev, num)


def names(kind: ChatKind, reader: AccountId) -> Names:
    if kind is ChatKind.DIRECT:
        return Names(jid(ANNA), jid(BORIS), jid(BORIS if reader == ANNA else ANNA), "direct")
    group = to_jid(Kind.TASK if kind is ChatKind.TASK else Kind.GROUP, CHAT)
    return Names(jid(ANNA), group, group, kind.value)


@given(
    text=st.text(min_size=1).filter(lambda text: "//" not in text and "ww." not in text.lower()),
    kind=st.sampled_from([ChatKind.DIRECT, ChatKind.GROUP, ChatKind.TASK]),
    uid=st.sampled_from(["", UID]),
    prev=st.sampled_from([None, MessageRef(MessageId(8), ""), MessageRef(MessageId(8), UID)]),
    num=st.integers(0, 3),
    reader=st.sampled_from([ANNA, BORIS, AccountId(0)]),
)
def test_the_quick_way_says_what_the_long_way_says(
    text: str, kind: ChatKind, uid: str, prev: MessageRef | None, num: int, reader: AccountId
) -> None:
    posted = event(text, kind, uid, prev, num)
    assert quick.is_plain(posted)
    said_to = Posted(posted, names(kind, reader))
    packet = said_to.packet(WINDOW_S * 1000 if reader == ANNA else 0)
    said = json.loads(packet + b"0}]}}")
    whole = shown(posted.whole, Looking(DESK, TEAM, reader, jid, WINDOW_S))
    assert said["params"]["messages"] == [json.loads(encode(whole))]
    assert said["params"]["delayed"] is False
    assert said["event"] == "server.message.updated"
    assert said["confirm_id"] == packet.about.confirm_id
    (counters,) = said["params"]["chat_counters"]
    assert counters["jid"] == whole["chat"]
    assert counters["chat_type"] == whole["chat_type"]
    assert json.loads(packet.about.tail) == whole["message_id"]


@pytest.mark.parametrize(
    "more",
    [
        {"text": ""},
        {"text": "see http://x"},
        {"text": "see WWW.x.org"},
        {"flags": IMPORTANT},
        {"attachments": (Attachment(url="x"),)},
    ],
)
def test_what_is_more_than_words_takes_the_long_way(more: dict[str, Any]) -> None:
    posted = event("x", ChatKind.GROUP, "", None, 0)
    assert not quick.is_plain(posted._replace(message=posted.message._replace(**more)))


def test_confirm_ids_are_twelve_letters_and_digits_and_never_come_again() -> None:
    drawn = [new_confirm_id() for _ in range(1_000)]
    assert len(set(drawn)) == len(drawn)
    assert {len(each) for each in drawn} == {12}
    assert all(each.isascii() and each.isalnum() for each in drawn)


def test_a_roster_that_is_read_late_keeps_what_it_has_heard_since() -> None:
    def member(account_id: AccountId, version: int, role: str) -> TeamMember:
        number = TeamMemberId(account_id + 100)
        return TeamMember(number, TEAM, account_id, TeamStatus.MEMBER, 0, version, role)

    roster = Roster(Team(TEAM, 1, "club", 0))
    roster.learn([member(ANNA, 5, "new")])
    roster.fill([member(ANNA, 4, "old"), member(BORIS, 3, "as it was")])
    roster.learn([member(BORIS, 2, "older still")])
    assert {each: found.role for each, found in roster.people.items()} == {
        ANNA: "new",
        BORIS: "as it was",
    }
