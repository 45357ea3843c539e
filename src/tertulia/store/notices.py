"""What the server itself says in a chat: stored like a message, announced like one."""

from tertulia.core.events import MessagePosted
from tertulia.core.ids import AccountId, MessageId
from tertulia.core.message_model import Message, Notice, NoticeKind
from tertulia.core.model import Actor
from tertulia.store.chat_state import ChatState
from tertulia.store.hot import INSERT_MESSAGE, TOUCH_CHAT, message_row
from tertulia.store.work import Work, draw, run, tell

COUNT_NOTICE = "UPDATE chats SET notices = notices + 1 WHERE id = ?"

# Who caused it has it neither unread nor among the unread notices.
SKIP_NOTICE = """
UPDATE members SET skipped = skipped + 1, noted = noted + 1 WHERE chat_id = ? AND account_id = ?
"""

NOTICE_TEXTS = {
    NoticeKind.MEMBER_ADDED: "{name} has been added to the group",
    NoticeKind.MEMBER_REMOVED: "{name} has been removed from the group",
    NoticeKind.MEMBER_LEFT: "{name} has left the group",
    NoticeKind.PICTURE_CHANGED: "Group chat image was updated",
}


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
    state.before[message.id] = state.follow(message)
    yield from run(INSERT_MESSAGE, *message_row(message, None))
    yield from run(TOUCH_CHAT, *state.touched())
    yield from run(COUNT_NOTICE, state.id)
    yield from run(SKIP_NOTICE, state.id, actor.account_id)
    return message


def tell_notice(
    actor: Actor, state: ChatState, message: Message, *, unheard_by: tuple[AccountId, ...] = ()
) -> Work[None]:
    """Announce a notice to who is in the chat now."""
    prev, num = state.before[message.id]
    yield from tell(
        MessagePosted(
            message,
            state.kind,
            actor.connection,
            unheard_by,
            state.team_id,
            state.plain_partner_of(message.author_id),
            prev,
            num,
            encrypted=state.encrypted,
        )
    )
