"""How accounts keep their chats: pinned, hidden, quiet, with a draft."""

from collections.abc import Mapping
from dataclasses import replace

from tertulia.core.chat_lists import MemberSettings, SettingsChange
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.events import ChatSettingsChanged
from tertulia.core.histories import Target
from tertulia.core.ids import AccountId, ChatId, TeamId
from tertulia.core.model import Actor, NewGroup
from tertulia.store.chats import open_direct
from tertulia.store.engine import Engine
from tertulia.store.membership import find_chat, is_member
from tertulia.store.my_chats import IS_HIDDEN
from tertulia.store.whereabouts import need_whereabouts
from tertulia.store.work import Row, Work, draw, row, rows, run, tell

COLUMNS = f"""
{IS_HIDDEN}, s.is_pinned, s.pin_order, s.notifies, s.counts, s.is_collapsed, s.draft, s.draft_at,
    s.version
"""

KEPT = f"""
SELECT {COLUMNS} FROM member_settings s JOIN chats c ON c.id = s.chat_id
WHERE s.account_id = ? AND s.chat_id = ?
"""

ALL_KEPT = f"""
SELECT {COLUMNS}, s.chat_id
FROM member_settings s
JOIN members m ON m.chat_id = s.chat_id AND m.account_id = s.account_id AND m.left_at IS NULL
JOIN chats c ON c.id = s.chat_id
WHERE s.account_id = ?
"""

KEEP = """
INSERT INTO member_settings (account_id, chat_id, hidden_until, is_pinned, pin_order, notifies, counts,
    is_collapsed, draft, draft_at, version)
VALUES (?, ?, (SELECT (c.last_seq - c.notices + 1) * ? FROM chats c WHERE c.id = ?), ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, chat_id) DO UPDATE SET hidden_until = excluded.hidden_until,
    is_pinned = excluded.is_pinned, pin_order = excluded.pin_order, notifies = excluded.notifies,
    counts = excluded.counts, is_collapsed = excluded.is_collapsed, draft = excluded.draft,
    draft_at = excluded.draft_at, version = excluded.version
"""


class SqlChatSettings:
    """`core.chat_settings.ChatSettingsStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def all_of(self, account_id: AccountId) -> dict[ChatId, MemberSettings]:
        """See the port."""
        found = await self._engine.scan(rows(ALL_KEPT, account_id))
        return {each[9]: _settings(each) for each in found}

    async def keep(
        self, actor: Actor, changes: Mapping[ChatId, SettingsChange], now: int
    ) -> dict[ChatId, MemberSettings]:
        """See the port."""
        return await self._engine.write(keep(actor, changes, now))


def settle(
    actor: Actor, team_id: TeamId, target: Target, change: SettingsChange, now: int
) -> Work[None]:
    """Keep the chat so from now on. A direct chat that is not begun comes to be with it."""
    where = yield from need_whereabouts(actor, team_id, target)
    chat_id = where.chat_id
    if chat_id is None:
        assert where.partner_id is not None, "only direct chats are not begun"
        chat_id = (yield from open_direct(actor, where.partner_id, NewGroup("", ()), now)).id
    elif not (yield from is_member(chat_id, actor.account_id)):
        raise NotAllowed("keep the chat")
    yield from _kept(actor, chat_id, change, now)


def keep(
    actor: Actor, changes: Mapping[ChatId, SettingsChange], now: int
) -> Work[dict[ChatId, MemberSettings]]:
    """Keep these chats so, of whatever kind and team. Raises: NotFound("chat")."""
    kept = {}
    for chat_id, change in changes.items():
        if not (yield from is_member(chat_id, actor.account_id)):
            raise NotFound("chat")
        kept[chat_id] = yield from _kept(actor, chat_id, change, now)
    return kept


def _kept(actor: Actor, chat_id: ChatId, change: SettingsChange, now: int) -> Work[MemberSettings]:
    old = yield from settings_of(actor.account_id, chat_id)
    new = _changed(old, change, now)
    if new == old:
        return old
    new = replace(new, version=(yield from draw(now)))
    yield from run(
        KEEP, actor.account_id, chat_id, int(new.is_hidden), chat_id, int(new.is_pinned),
        new.pin_order, int(new.notifies), int(new.counts), int(new.is_collapsed), new.draft,
        new.draft_at, new.version,
    )  # fmt: skip
    chat = yield from find_chat(chat_id)
    assert chat is not None, "it was read in this transaction"
    me = actor.account_id
    yield from tell(
        ChatSettingsChanged(
            chat,
            me,
            (me,),
            now,
            actor.connection,
            new.counts,
            new.is_pinned,
            new.pin_order,
            new.notifies,
            new.is_hidden,
        )
    )
    return new


def settings_of(account_id: AccountId, chat_id: ChatId) -> Work[MemberSettings]:
    """How the account keeps the chat."""
    found = yield from row(KEPT, account_id, chat_id)
    return MemberSettings() if found is None else _settings(found)


def _settings(found: Row) -> MemberSettings:
    hidden, pinned, order, notifies, counts, collapsed, draft, draft_at, version = found[:9]
    return MemberSettings(
        bool(hidden), bool(pinned), order, bool(notifies), bool(counts), bool(collapsed), draft,
        draft_at, version,
    )  # fmt: skip


def _changed(old: MemberSettings, change: SettingsChange, now: int) -> MemberSettings:
    wanted = {
        name: value
        for name in SettingsChange.__slots__
        if (value := getattr(change, name)) is not None
    }
    new = replace(old, **wanted)
    return new if new.draft == old.draft else replace(new, draft_at=now)
