"""Coming and going by oneself: leaving a chat, subscribing to a channel and back."""

from dataclasses import replace

from tertulia.core.access import may_moderate
from tertulia.core.errors import NotFound
from tertulia.core.events import ChatOpened, MembersRemoved
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.message_model import Notice, NoticeKind
from tertulia.core.model import Actor, Chat, ChatKind, Member, Role
from tertulia.store.chat_state import read_state
from tertulia.store.directory import accounts_by_id
from tertulia.store.membership import (
    COUNT_IN,
    JOIN,
    PART,
    crown,
    find_chat,
    forget_chat,
    heirs,
    is_counted,
    is_large,
    joining,
    members_of,
)
from tertulia.store.notices import post_notice, tell_notice
from tertulia.store.work import Work, run, tell

HIDE_CHAT = "UPDATE members SET left_at = ? WHERE chat_id = ? AND account_id = ?"

UNASSIGN = "UPDATE tasks SET assignee_id = NULL WHERE chat_id = ? AND assignee_id = ?"

ASLEEP = "UPDATE chats SET dormant = 1 WHERE id = ?"


def leave(actor: Actor, chat_id: ChatId, now: int, *, quietly: bool = False) -> Work[None]:
    """The actor is a member no more; a direct chat is only hidden, another without members is gone.

    `quietly`: no notice is posted. Nor is one when somebody leaves a channel who may not write there:
    whoever may not write must not make the others read.

    Raises:
        NotFound: "chat" when there is none, "member" when the actor is not in it.
    """
    me = actor.account_id
    chat = yield from find_chat(chat_id)
    if chat is None:
        raise NotFound("chat")
    members = yield from members_of(chat, about=(me,))
    mine = members.pop(me, None)
    if mine is None:
        raise NotFound("member")
    match chat.kind:
        case ChatKind.DIRECT:
            yield from run(HIDE_CHAT, now, chat_id, me)
            yield from run(ASLEEP, chat_id)
        case ChatKind.GROUP | ChatKind.TASK:
            was_large = is_large(chat)
            chat = yield from part(chat, me)
            chat = yield from without(
                chat, me, (yield from heirs(chat_id)) if was_large else members
            )
        case ChatKind.CHANNEL:
            chat = yield from part(chat, me)
            chat = yield from without(chat, me, (yield from heirs(chat_id)))
            quietly = quietly or not may_moderate(mine.role)
    if (members or chat.subscribers) and not quietly:
        yield from _tell_left(actor, chat_id, now)
    yield from _tell_gone(actor, chat, tuple(members), now)


def part(chat: Chat, account_id: AccountId) -> Work[Chat]:
    """The chat without that member, who is in it; its owner may be missing then."""
    yield from run(PART, chat.id, account_id)
    if chat.kind is ChatKind.TASK:
        yield from run(UNASSIGN, chat.id, account_id)
    if not is_counted(chat):
        return chat
    yield from run(COUNT_IN, -1, chat.id)
    return replace(chat, subscribers=chat.subscribers - 1)


def without(chat: Chat, account_id: AccountId, left: dict[AccountId, Member]) -> Work[Chat]:
    """The chat with another owner if need be; gone when nobody is left."""
    if not left:
        yield from forget_chat(chat.id)
    elif chat.owner_id == account_id:
        return (yield from crown(chat, left))
    return chat


def _tell_left(actor: Actor, chat_id: ChatId, now: int) -> Work[None]:
    state = yield from read_state(chat_id)
    assert state is not None, "it was read in this transaction"
    accounts = yield from accounts_by_id([actor.account_id])
    notice = Notice(NoticeKind.MEMBER_LEFT, accounts[actor.account_id])
    message = yield from post_notice(actor, state, notice, now)
    yield from tell_notice(actor, state, message, unheard_by=(actor.account_id,))


def _tell_gone(actor: Actor, chat: Chat, members: tuple[AccountId, ...], now: int) -> Work[None]:
    """The actor's other devices hear that it is over; not logged, because he knows."""
    gone = (actor.account_id,)
    yield from tell(
        MembersRemoved(chat, members, actor.account_id, gone, True, now, actor.connection)  # noqa: FBT003 - by_themselves
    )


def subscribe(actor: Actor, chat_id: ChatId, now: int) -> Work[None]:
    """The actor reads the channel from now on. Nobody but his other devices hears of it.

    Raises:
        NotFound: "channel".
    """
    chat = yield from _need_channel(chat_id)
    me = actor.account_id
    if (yield from members_of(chat, about=(me,))):
        return
    state = yield from read_state(chat_id)
    assert state is not None, "it was read in this transaction"
    place = (state.last_seq, state.last_at)
    yield from run(JOIN, *joining(chat_id, me, Role.MEMBER, now, place))
    yield from run(COUNT_IN, 1, chat_id)
    chat = replace(chat, subscribers=chat.subscribers + 1)
    yield from tell(ChatOpened(chat, (), me, (me,), now, actor.connection))


def unsubscribe(actor: Actor, chat_id: ChatId, now: int) -> Work[None]:
    """The actor reads the channel no more; as `leave`, but nobody else hears of it.

    Raises:
        NotFound: "channel".
    """
    chat = yield from _need_channel(chat_id)
    if (yield from members_of(chat, about=(actor.account_id,))):
        yield from leave(actor, chat_id, now, quietly=True)


def _need_channel(chat_id: ChatId) -> Work[Chat]:
    chat = yield from find_chat(chat_id)
    if chat is None or chat.kind is not ChatKind.CHANNEL:
        raise NotFound("channel")
    return chat
