"""Changing a chat and its members, with every notice and event that goes with it.

Of a large chat only those members are read that a change is about, and no event names all of them.
"""

from collections.abc import Sequence
from dataclasses import replace

from tertulia.core.access import may_change, successor
from tertulia.core.chats import MOST_NAMED_MEMBERS
from tertulia.core.errors import NotAllowed, NotFound, TooMuch
from tertulia.core.events import ChatChanged, MembersAdded, MembersRemoved
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.message_model import ListedMessage, Notice, NoticeKind
from tertulia.core.model import Account, Actor, Chat, ChatChange, ChatKind, Member, Role
from tertulia.core.text import fold
from tertulia.store import records
from tertulia.store.chat_state import ONE_CHAT, ChatState, read_state
from tertulia.store.directory import accounts_by_id, known_accounts
from tertulia.store.files import DROP_PICTURE, held_picture
from tertulia.store.log import record
from tertulia.store.notices import post_notice, tell_notice
from tertulia.store.work import Work, array, draw, many, row, rows, run

MOST_NOTICES = 50
"""People. Of more who come and go at once no channel is told: nobody is to read a thousand notices."""

MEMBER = "SELECT m.account_id, m.role, m.joined_at FROM members m WHERE m.chat_id = ?"

MEMBERS = f"{MEMBER} AND m.left_at IS NULL ORDER BY m.joined_at, m.account_id"

SOME_MEMBERS = f"""
{MEMBER} AND m.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

OLDEST_ADMIN = f"{MEMBER} AND m.role <> 'member' ORDER BY m.joined_at, m.account_id LIMIT 1"

OLDEST_MEMBER = f"{MEMBER} ORDER BY m.joined_at, m.account_id LIMIT 1"

JOIN = """
INSERT INTO members (chat_id, account_id, role, joined_at, read_seq, read_at, named_seq, named_at, noted)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT c.notices FROM chats c WHERE c.id = ?))
"""

PART = "DELETE FROM members WHERE chat_id = ? AND account_id = ?"

COUNT_IN = "UPDATE chats SET subscribers = subscribers + ? WHERE id = ?"

RANK = "UPDATE members SET role = ? WHERE chat_id = ? AND account_id = ?"

OF_TEAM = """
SELECT t.account_id FROM team_members t
WHERE t.team_id = ? AND t.archived_at IS NULL
    AND t.account_id IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)
"""

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
    DROP_PICTURE,
    "DELETE FROM chats WHERE id = ?",
)


def joining(
    chat_id: ChatId, account_id: AccountId, role: Role, now: int, place: tuple[int, int]
) -> tuple[object, ...]:
    """The parameters of JOIN: whoever comes has read what there is, up to that place and date."""
    return (chat_id, account_id, role.value, now, *place, *place, chat_id)


IS_IN = "SELECT 1 FROM members m WHERE m.chat_id = ? AND m.account_id = ? AND m.left_at IS NULL"


def is_large(chat: Chat) -> bool:
    """Whether too many are in it to name them all."""
    return chat.kind is ChatKind.CHANNEL or chat.subscribers > MOST_NAMED_MEMBERS


def is_counted(chat: Chat) -> bool:
    """Whether the number of its members is kept."""
    return chat.kind is ChatKind.CHANNEL or chat.team_id is not None


def is_member(chat_id: ChatId, account_id: AccountId) -> Work[bool]:
    """Whether the account is in the chat."""
    return (yield from row(IS_IN, chat_id, account_id)) is not None


def find_chat(chat_id: ChatId) -> Work[Chat | None]:
    """The chat, if there is such."""
    found = yield from row(ONE_CHAT, chat_id)
    return records.chat(found) if found else None


def members_of(
    chat: Chat, *, about: Sequence[AccountId] | None = None
) -> Work[dict[AccountId, Member]]:
    """Its members, oldest first; of a channel, or another large chat, those of *about* alone."""
    if is_large(chat):
        found = yield from rows(SOME_MEMBERS, chat.id, array([*dict.fromkeys(about or ())]))
    else:
        found = yield from rows(MEMBERS, chat.id)
    return {each[0]: Member(each[0], Role(each[1]), each[2]) for each in found}


def change_chat(
    actor: Actor, chat_id: ChatId, change: ChatChange, limit: int, now: int
) -> Work[Chat | None]:
    """Change card and members in one go, and announce each in the order of SAMA's table (section 5).

    Unknown accounts, members to be added and strangers to be removed are skipped. In a direct chat
    only the card changes, and nobody is told.
    """
    chat = yield from find_chat(chat_id)
    if chat is None:
        raise NotFound("chat")
    ranked = (*change.add_admins, *change.remove_admins)
    about = (actor.account_id, chat.owner_id, *change.add, *change.remove, *ranked)
    members = yield from members_of(chat, about=about)
    mine = members.get(actor.account_id)
    if mine is None:
        raise NotFound("chat")
    if not may_change(chat.kind, mine.role):
        raise NotAllowed("change the chat")
    picture = yield from held_picture(actor, chat.id, change.picture)
    carded = _new_card(chat, replace(change, picture=picture))
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
    """One change of a group or channel: who comes, who goes, who rises, what is told.

    `members` are all of a group, and of a large chat those whom the change is about.
    """

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
        self.is_large = is_large(chat)

    def carry_out(self, carded: Chat) -> Work[Chat | None]:
        """The chat afterwards; None when nobody is left."""
        old, before = self.chat, dict(self.members)
        added = yield from known_accounts(
            (*self.change.add, *self.change.add_admins), leave_out=before.keys()
        )
        if old.team_id is not None:
            added = yield from only_of_team(old.team_id, added)
        removed = [each for each in dict.fromkeys(self.change.remove) if each in before]
        size = (old.subscribers or len(before)) + len(added) - len(removed)
        if added and size > self.limit and not is_counted(old):
            raise TooMuch("members")
        state = yield from read_state(old.id)
        assert state is not None, "it was read in this transaction"
        yield from self._join(added, state)
        yield from self._part(removed)
        if is_counted(old):
            yield from run(COUNT_IN, len(added) - len(removed), old.id)
            self.chat = replace(old, subscribers=size)
        if not size:
            yield from self._forget(removed)
            return None
        yield from self._rank()
        carded = replace(carded, owner_id=self.chat.owner_id, subscribers=self.chat.subscribers)
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
        for account_id in added:
            self.members[account_id] = Member(account_id, Role.MEMBER, self.now)
        place = (state.last_seq, state.last_at)
        newcomers = [joining(state.id, each, Role.MEMBER, self.now, place) for each in added]
        yield from many(JOIN, newcomers)

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
            if self.is_large:
                self.members |= yield from heirs(self.chat.id)
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
        accounts: dict[AccountId, Account] = {}
        if not self.is_large or len(added) + len(removed) <= MOST_NOTICES:
            accounts = yield from accounts_by_id((*added, *removed))
        # Who comes hears of the chat before he hears of himself, in the log too.
        place = (yield from draw(self.now)) if added else None
        welcomes = []
        for account_id in added:
            if account_id in accounts:
                notice = Notice(NoticeKind.MEMBER_ADDED, accounts[account_id])
                welcomes.append((yield from post_notice(self.actor, state, notice, self.now)))
        everybody = () if self.is_large else tuple(self.members)
        stand = (self.chat, everybody, self.actor.account_id)
        if added:
            last = ListedMessage(welcomes[-1], is_read=False) if welcomes else None
            event = MembersAdded(*stand, tuple(added), last, self.now, self.actor.connection)
            yield from record(event, self.now, chat_id=self.chat.id, accounts=added, number=place)
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
            unheard_by = tuple(added) if self.is_large else ()
            news = ChatChanged(*stand, told, self.now, self.actor.connection, unheard_by)
            named = None if self.is_large else told
            yield from record(news, self.now, chat_id=self.chat.id, accounts=named)

    def _forget(self, removed: Sequence[AccountId]) -> Work[None]:
        yield from forget_chat(self.chat.id)
        kicked = MembersRemoved(
            self.chat, (), self.actor.account_id, tuple(removed), False, self.now,  # noqa: FBT003 - by_themselves
            self.actor.connection,
        )  # fmt: skip
        yield from record(kicked, self.now, chat_id=self.chat.id, accounts=removed)


def only_of_team(team_id: TeamId, accounts: Sequence[AccountId]) -> Work[list[AccountId]]:
    """Those who are in the team, in the same order: nobody else comes into its chats."""
    if not accounts:
        return []
    found = yield from rows(OF_TEAM, team_id, array(accounts))
    present = {each[0] for each in found}
    return [each for each in accounts if each in present]


def heirs(chat_id: ChatId) -> Work[dict[AccountId, Member]]:
    """Who comes after the owner of a large chat, found without reading all its members."""
    found = yield from row(OLDEST_ADMIN, chat_id)
    if found is None:
        found = yield from row(OLDEST_MEMBER, chat_id)
    return {} if found is None else {found[0]: Member(found[0], Role(found[1]), found[2])}


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
