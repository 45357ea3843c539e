"""Changing a chat and its members, and leaving it: with every notice and event that goes with it."""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.access import may_change, successor
from tertulia.core.errors import NotAllowed, NotFound, TooMuch
from tertulia.core.events import ChatChanged, MembersAdded, MembersRemoved, MessagePosted
from tertulia.core.ids import AccountId, ChatId, MessageId
from tertulia.core.model import (
    Actor,
    Chat,
    ChatChange,
    ChatKind,
    ListedMessage,
    Member,
    Message,
    Notice,
    NoticeKind,
    Role,
)
from tertulia.core.text import fold
from tertulia.store import records
from tertulia.store.directory import accounts_by_id, known_accounts
from tertulia.store.hot import (
    INSERT_MESSAGE,
    ONE_CHAT,
    SKIP,
    TOUCH_CHAT,
    ChatState,
    message_row,
    read_state,
)
from tertulia.store.log import record
from tertulia.store.work import Work, draw, many, row, rows, run, tell

MEMBERS = """
SELECT account_id, role, joined_at FROM members WHERE chat_id = ? AND left_at IS NULL
ORDER BY joined_at, account_id
"""

JOIN = """
INSERT INTO members (chat_id, account_id, role, joined_at, read_seq, read_at, named_seq, named_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

PART = "DELETE FROM members WHERE chat_id = ? AND account_id = ?"

RANK = "UPDATE members SET role = ? WHERE chat_id = ? AND account_id = ?"

UPDATE_CHAT = """
UPDATE chats SET name = ?, description = ?, search_text = ?, picture = ?, owner_id = ?,
    updated_at = ?
WHERE id = ?
"""

FORGET_CHAT = (
    """
    DELETE FROM named_reads
    WHERE message_id IN (SELECT m.id FROM messages m WHERE m.chat_id = ?)
    """,
    "DELETE FROM messages WHERE chat_id = ?",
    "DELETE FROM chats WHERE id = ?",
)

NOTICE_TEXTS = {
    NoticeKind.MEMBER_ADDED: "{name} has been added to the group",
    NoticeKind.MEMBER_REMOVED: "{name} has been removed from the group",
    NoticeKind.MEMBER_LEFT: "{name} has left the group",
    NoticeKind.PICTURE_CHANGED: "Group chat image was updated",
}


def _members(chat_id: ChatId) -> Work[dict[AccountId, Member]]:
    found = yield from rows(MEMBERS, chat_id)
    return {each[0]: Member(each[0], Role(each[1]), each[2]) for each in found}


def _chat(chat_id: ChatId) -> Work[Chat | None]:
    found = yield from row(ONE_CHAT, chat_id)
    return records.chat(found) if found else None


def change_chat(
    actor: Actor, chat_id: ChatId, change: ChatChange, limit: int, now: int
) -> Work[Chat | None]:
    """Change card and members in one go, and announce each in the order of SAMA's table (section 5).

    Unknown accounts, members to be added and strangers to be removed are skipped. In a direct chat
    only the card changes, and nobody is told.
    """
    chat = yield from _chat(chat_id)
    members = yield from _members(chat_id)
    mine = members.get(actor.account_id)
    if chat is None or mine is None:
        raise NotFound("chat")
    if not may_change(chat.kind, mine.role):
        raise NotAllowed("change the chat")
    carded = _new_card(chat, change)
    if chat.kind is ChatKind.DIRECT:
        return (yield from _store_card(chat, carded, now))
    return (yield from _Change(actor, chat, members, change, limit, now).carry_out(carded))


def _new_card(chat: Chat, change: ChatChange) -> Chat:
    return replace(
        chat,
        name=chat.name if change.name is None else change.name,
        description=chat.description if change.description is None else change.description,
        picture=change.picture or chat.picture,
    )


def _store_card(old: Chat, new: Chat, now: int) -> Work[Chat]:
    if new == old:
        return old
    new = replace(new, updated_at=max(now, old.updated_at))
    yield from run(
        UPDATE_CHAT, new.name, new.description, fold(new.name), records.as_json(new.picture),
        new.owner_id, new.updated_at, new.id,
    )  # fmt: skip
    return new


class _Change:
    """One change of a group: who comes, who goes, who rises, what is told."""

    def __init__(  # noqa: PLR0917 - who changes what, how, within which bounds
        self,
        actor: Actor,
        chat: Chat,
        members: dict[AccountId, Member],
        change: ChatChange,
        limit: int,
        now: int,
    ) -> None:
        self.actor = actor
        self.chat = chat
        self.members = members
        self.change = change
        self.limit = limit
        self.now = now

    def carry_out(self, carded: Chat) -> Work[Chat | None]:
        """The chat afterwards; None when nobody is left."""
        old, before = self.chat, dict(self.members)
        added = yield from known_accounts(
            (*self.change.add, *self.change.add_admins), leave_out=before.keys()
        )
        removed = [each for each in dict.fromkeys(self.change.remove) if each in before]
        if added and len(before) + len(added) - len(removed) > self.limit:
            raise TooMuch("members")
        state = yield from read_state(old.id)
        assert state is not None, "it was read in this transaction"
        yield from self._join(added, state)
        yield from self._part(removed)
        if not self.members:
            yield from self._forget(removed)
            return None
        yield from self._rank()
        carded = replace(carded, owner_id=self.chat.owner_id)
        changed = carded != old or self.members != before
        if changed:
            carded = yield from _store_card(old, replace(carded, updated_at=self.now), self.now)
        self.chat = carded
        yield from self._tell(state, added, removed, changed=changed)
        if carded.picture != old.picture:
            notice = yield from post_notice(
                self.actor, state, Notice(NoticeKind.PICTURE_CHANGED, chat=carded), self.now
            )
            yield from tell_notice(self.actor, state, notice)
        return replace(carded, updated_at=max(carded.updated_at, state.last_at))

    def _join(self, added: Sequence[AccountId], state: ChatState) -> Work[None]:
        place = (state.last_seq, state.last_at)
        for account_id in added:
            self.members[account_id] = Member(account_id, Role.MEMBER, self.now)
        yield from many(
            JOIN,
            [(state.id, each, Role.MEMBER.value, self.now, *place, *place) for each in added],
        )

    def _part(self, removed: Sequence[AccountId]) -> Work[None]:
        for account_id in removed:
            del self.members[account_id]
        yield from many(PART, [(self.chat.id, each) for each in removed])

    def _rank(self) -> Work[None]:
        """Admins rise and fall; a group without its owner gets the next one."""
        roles = {each.account_id: each.role for each in self.members.values()}
        for account_id in self.change.add_admins:
            if roles.get(account_id) is Role.MEMBER:
                roles[account_id] = Role.ADMIN
        for account_id in self.change.remove_admins:
            if roles.get(account_id) is Role.ADMIN:
                roles[account_id] = Role.MEMBER
        changed = [each for each, role in roles.items() if role is not self.members[each].role]
        yield from many(RANK, [(roles[each].value, self.chat.id, each) for each in changed])
        for account_id in changed:
            self.members[account_id] = replace(self.members[account_id], role=roles[account_id])
        if self.chat.owner_id not in self.members:
            self.chat = yield from crown(self.chat, self.members)

    def _tell(
        self,
        state: ChatState,
        added: Sequence[AccountId],
        removed: Sequence[AccountId],
        *,
        changed: bool,
    ) -> Work[None]:
        """Added ones hear of the chat, then everybody of them; the others first, then the removed."""
        accounts = yield from accounts_by_id((*added, *removed))
        welcomes = []
        for account_id in added:
            notice = Notice(NoticeKind.MEMBER_ADDED, accounts[account_id])
            welcomes.append((yield from post_notice(self.actor, state, notice, self.now)))
        everybody = tuple(self.members)
        stand = (self.chat, everybody, self.actor.account_id)
        if added:
            last = ListedMessage(welcomes[-1], is_read=False)
            event = MembersAdded(*stand, tuple(added), last, self.now, self.actor.connection)
            yield from record(event, self.now, chat_id=self.chat.id, accounts=added)
        for message in welcomes:
            yield from tell_notice(self.actor, state, message)
        for account_id in removed:
            gone = accounts.get(account_id)
            if gone is not None:
                notice = Notice(NoticeKind.MEMBER_REMOVED, gone)
                message = yield from post_notice(self.actor, state, notice, self.now)
                yield from tell_notice(self.actor, state, message, unheard_by=tuple(removed))
        if removed:
            kicked = MembersRemoved(
                *stand,
                tuple(removed),
                False,  # noqa: FBT003 - by_themselves
                self.now,
                self.actor.connection,
            )
            yield from record(kicked, self.now, chat_id=self.chat.id, accounts=removed)
        if changed:
            told = tuple(each for each in everybody if each not in added)
            news = ChatChanged(*stand, told, self.now, self.actor.connection)
            yield from record(news, self.now, chat_id=self.chat.id, accounts=told)

    def _forget(self, removed: Sequence[AccountId]) -> Work[None]:
        yield from forget_chat(self.chat.id)
        kicked = MembersRemoved(
            self.chat, (), self.actor.account_id, tuple(removed), False, self.now,  # noqa: FBT003 - by_themselves
            self.actor.connection,
        )  # fmt: skip
        yield from record(kicked, self.now, chat_id=self.chat.id, accounts=removed)


def leave(actor: Actor, chat_id: ChatId, now: int, *, quietly: bool = False) -> Work[None]:
    """The actor is a member no more; a direct chat is only hidden, a group without members is gone.

    `quietly`: no notice is posted.

    Raises:
        NotFound: "chat" when there is none, "member" when the actor is not in it.
    """
    chat = yield from _chat(chat_id)
    if chat is None:
        raise NotFound("chat")
    members = yield from _members(chat_id)
    if members.pop(actor.account_id, None) is None:
        raise NotFound("member")
    if chat.kind is ChatKind.DIRECT:
        yield from run(
            "UPDATE members SET left_at = ? WHERE chat_id = ? AND account_id = ?",
            now, chat_id, actor.account_id,
        )  # fmt: skip
        yield from run("UPDATE chats SET dormant = 1 WHERE id = ?", chat_id)
    else:
        yield from run(PART, chat_id, actor.account_id)
        if not members:
            yield from forget_chat(chat_id)
        elif chat.owner_id == actor.account_id:
            chat = yield from crown(chat, members)
    if members and not quietly:
        yield from _tell_left(actor, chat_id, now)
    yield from tell(
        MembersRemoved(
            chat, tuple(members), actor.account_id, (actor.account_id,), True, now,  # noqa: FBT003 - by_themselves
            actor.connection,
        )
    )  # fmt: skip


def _tell_left(actor: Actor, chat_id: ChatId, now: int) -> Work[None]:
    state = yield from read_state(chat_id)
    assert state is not None, "it was read in this transaction"
    accounts = yield from accounts_by_id([actor.account_id])
    notice = Notice(NoticeKind.MEMBER_LEFT, accounts[actor.account_id])
    message = yield from post_notice(actor, state, notice, now)
    yield from tell_notice(actor, state, message, unheard_by=(actor.account_id,))


def crown(chat: Chat, members: dict[AccountId, Member]) -> Work[Chat]:
    """The chat with its next owner."""
    heir = successor(members.values())
    assert heir is not None, "the caller made sure that somebody is left"
    members[heir.account_id] = replace(heir, role=Role.OWNER)
    yield from run(RANK, Role.OWNER.value, chat.id, heir.account_id)
    yield from run("UPDATE chats SET owner_id = ? WHERE id = ?", heir.account_id, chat.id)
    return replace(chat, owner_id=heir.account_id)


def forget_chat(chat_id: ChatId) -> Work[None]:
    """The chat and all its messages are gone."""
    for statement in FORGET_CHAT:
        yield from run(statement, chat_id)


def post_notice(actor: Actor, state: ChatState, notice: Notice, now: int) -> Work[Message]:
    """Store what the server itself says in the chat, in the actor's name. `tell_notice` announces it."""
    seq, sent_at = state.next_place(now)
    name = notice.account.display_name if notice.account else ""
    message = Message(
        id=MessageId((yield from draw(now))),
        chat_id=state.id,
        seq=seq,
        author_id=actor.account_id,
        text=NOTICE_TEXTS[notice.kind].format(name=name),
        sent_at=sent_at,
        notice=notice,
    )
    yield from run(INSERT_MESSAGE, *message_row(message, None))
    yield from run(TOUCH_CHAT, *state.touched())
    yield from run(SKIP, 1, state.id, actor.account_id)
    return message


def tell_notice(
    actor: Actor, state: ChatState, message: Message, *, unheard_by: tuple[AccountId, ...] = ()
) -> Work[None]:
    """Announce a notice to who is in the chat now."""
    yield from tell(MessagePosted(message, state.kind, actor.connection, unheard_by))
