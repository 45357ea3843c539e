"""Messages: sending, dialogs, deleting, editing, reading (Astrak document, Отправить сообщение and so on)."""

from collections.abc import Sequence

from starlette.responses import Response

from tertulia.core.archive import Extras, Kept, Listed, Part, Shelf, Sieve
from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.ids import ChatId, MessageId
from tertulia.core.letters import Revision
from tertulia.core.message_model import Draft, ReadMark
from tertulia.core.messages import check_text
from tertulia.core.model import Actor, ChatKind
from tertulia.core.places import Span
from tertulia.dialects.astrak.desk import Asked, done
from tertulia.dialects.astrak.errors import Malformed
from tertulia.dialects.astrak.names import DELETED, is_made_up, is_nobodys, number_in
from tertulia.dialects.astrak.pages import Place
from tertulia.dialects.astrak.params import NOBODY, id_in, is_id
from tertulia.dialects.astrak.wire import message, summary

MOST_LISTED = 1_000
"""Messages or dialogs in one answer; of all dialogs it is only asked with `limit`."""

LISTED = 200
"""Messages in one answer that does not say how many."""

READS = Extras(reads=True)

MAX_REF = 64
"""Characters of a `random_id`."""

FAR = 2**53 - 1


async def send(asked: Asked) -> Response:
    """Send a message to somebody or to a group (document, Отправить сообщение пользователю)."""
    actor = await asked.actor()
    params = asked.params
    to, words = params.need_name("to"), params.need_text("text")
    ref = params.name("random_id") or ""
    if len(ref) > MAX_REF:
        raise Malformed(f"random_id has at most {MAX_REF} characters.")
    check_text(words)
    draft = Draft(
        ChatId(0),
        words,
        client_ref=f"astrak {ref}" if ref else "",
        by_ref_alone=bool(ref),
        reads=True,
    )
    sent = await asked.core.letters.earlier(actor, draft) if ref else None
    if sent is None:
        number = await number_named(asked, to, "to")
        if number == NOBODY:
            raise NotFound("account")
        destination = await asked.core.letters.destination(actor, number)
        sent = await asked.core.letters.send(actor, destination, draft)
    return await _told(asked, actor, sent.id)


async def number_named(asked: Asked, name: str, param: str) -> int:
    """What the name stands for: digits alone for a number, anything else for a username."""
    if is_id(name):
        return id_in(name, param)
    if is_nobodys(name):
        return NOBODY
    made_up = number_in(name)
    if made_up is not None:
        # First, so that nobody can take such a name and read what is meant for its owner.
        found = await asked.core.accounts.several([made_up])
        if found and is_made_up(found[0]):
            return made_up
    account = await asked.core.accounts.named(name)
    return NOBODY if account is None else account.id


async def _told(asked: Asked, actor: Actor, message_id: MessageId) -> Response:
    kept = await asked.core.archive.message(actor, message_id)
    return done(response=message(kept, actor.account_id, asked.desk.links))


async def dialogs(asked: Asked) -> Response:
    """All one's dialogs, the newest first (document, Получить список диалогов)."""
    actor = await asked.actor()
    limit = asked.params.whole("limit", 1, MOST_LISTED)
    before = asked.params.whole("before", 0, FAR)
    core = asked.core
    listed = await core.archive.chats(actor, with_last=True)
    notices = await core.places.notices_unread(actor)
    shown = [each for each in listed if each.last is not None or not _is_private(each)]
    shown.sort(key=_place, reverse=True)
    page = asked.desk.pages.cut(actor.session_id, shown, _place, limit, before)
    names = await asked.desk.usernames([each.number for each in page if _is_private(each)])
    return done(response=[_dialog(each, names, notices.get(each.chat.id, 0)) for each in page])


def _is_private(listed: Listed) -> bool:
    return listed.chat.kind is ChatKind.DIRECT


def _active_at(listed: Listed) -> int:
    """When its newest message was sent; of an empty group, when it was made."""
    return listed.chat.created_at if listed.last is None else listed.last.sent_at


def _place(listed: Listed) -> Place:
    return Place(_active_at(listed), listed.chat.id)


def _dialog(listed: Listed, names: dict[int, str], notices: int) -> dict[str, object]:
    last, chat = listed.last, listed.chat
    is_private = _is_private(listed)
    # Nobody marks anything as read in a channel.
    unread = 0 if chat.kind is ChatKind.CHANNEL else max(listed.unread - notices, 0)
    said: dict[str, object] = {
        "id": listed.number,
        "username": names.get(listed.number, DELETED) if is_private else chat.name,
        "last_message": "" if last is None else summary(last),
        "time": _active_at(listed) // 1000,
        "last_user": chat.owner_id if last is None else last.author_id,
        "unread_count": unread,
    }
    return said if is_private else said | {"type": "group"}


async def dialog(asked: Asked) -> Response:
    """A page of a dialog, the oldest first; what it shows is read (document, Получить сообщения)."""
    actor = await asked.actor()
    params = asked.params
    name = params.need_name("id")
    limit = params.whole("limit", 1, MOST_LISTED) or LISTED
    between = params.place("after_id"), params.place("before_id")
    marks = params.flag("mark_read") is not False
    number = await number_named(asked, name, "id")
    span = await asked.core.places.span(actor, number, *between)
    shelf, has_more = await _page_of(asked, actor, number, span, limit)
    said = [message(each, actor.account_id, asked.desk.links) for each in reversed(shelf.items)]
    if marks:
        await _mark_read(asked, actor, number, shelf.items)
    return done(response=said, has_more=has_more)


async def _page_of(
    asked: Asked, actor: Actor, number: int, span: Span, limit: int
) -> tuple[Shelf, bool]:
    """The page, the newest message first, and whether there is more in the direction asked."""
    archive = asked.core.archive
    if span.after is None:
        shelf = await archive.page(actor, number, Sieve(), Part(limit, span.before), READS)
        return shelf, shelf.has_older
    sieve = Sieve() if span.before is None else Sieve(until=span.before - 1)
    shelf = await archive.page(actor, number, sieve, Part(limit, span.after, back=True), READS)
    return shelf, shelf.has_newer


async def _mark_read(asked: Asked, actor: Actor, number: int, shown: Sequence[Kept]) -> None:
    """What others wrote on this page, and everything older, is read."""
    newest = next((each for each in shown if each.author_id != actor.account_id), None)
    if newest is None or not await asked.core.places.unread(actor, number):
        return
    mark = ReadMark(newest.chat_id, None, up_to=newest.id)
    await _mark(asked, actor, mark)


async def _mark(asked: Asked, actor: Actor, mark: ReadMark) -> None:
    try:
        await asked.core.messages.mark_read(actor, mark)
    except NotAllowed:
        # A channel, or the actor has just left: there is nothing to be marked.
        return


async def delete(asked: Asked) -> Response:
    """Delete one's message for everybody (document, Удалить сообщение)."""
    actor = await asked.actor()
    kept = await _own(asked, actor)
    await asked.core.messages.delete(actor, kept.chat_id, [kept.id])
    return done()


async def edit(asked: Asked) -> Response:
    """Write one's message anew."""
    actor = await asked.actor()
    words = asked.params.need_text("text")
    check_text(words)
    kept = await _own(asked, actor)
    await asked.core.letters.revise(actor, kept.id, Revision(words))
    return await _told(asked, actor, kept.id)


async def _own(asked: Asked, actor: Actor) -> Kept:
    """The message named, if it is the actor's. Raises: NotFound("message"), NotAllowed."""
    message_id = MessageId(asked.params.need_id("message_id"))
    kept = await asked.core.archive.message(actor, message_id)
    if kept.author_id != actor.account_id:
        raise NotAllowed("somebody else's message")
    return kept


async def read(asked: Asked) -> Response:
    """What stands in a dialog, up to a message or all of it, is read."""
    actor = await asked.actor()
    params = asked.params
    name, up_to = params.need_name("id"), params.id("message_id")
    number = await number_named(asked, name, "id")
    if number == actor.account_id:
        raise NotFound("chat")
    destination = await asked.core.letters.destination(actor, number)
    if destination.chat_id is not None:
        mark = ReadMark(
            destination.chat_id, None, up_to=None if up_to is None else MessageId(up_to)
        )
        await _mark(asked, actor, mark)
    elif up_to is not None:
        raise NotFound("message")
    return done(unread_count=await asked.core.places.unread(actor, number))
