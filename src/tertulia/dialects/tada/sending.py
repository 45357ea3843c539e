"""Posting, changing, deleting and finding messages in the words of clients, whatever way they take."""

from dataclasses import dataclass

from tertulia.core.errors import NotAllowed, NotFound
from tertulia.core.flags import IMPORTANT, NO_PREVIEW, SILENT, VOICE
from tertulia.core.histories import MessageChange, Target, Whereabouts
from tertulia.core.ids import AccountId, ChatId, FileId, MessageId, TeamId, TeamMemberId
from tertulia.core.message_model import Attachment, Draft, MessageRef
from tertulia.core.model import Actor, File, NewGroup
from tertulia.core.team_model import SYSTEMBOT
from tertulia.core.whole import WholeMessage
from tertulia.dialects.tada import cards, errors
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.fields import Fields
from tertulia.dialects.tada.ids import Jid, Kind, from_uuid, is_uuid, named_by, need_jid
from tertulia.dialects.tada.limits import MAX_LINKED_MESSAGES, MAX_MESSAGE, MAX_MESSAGE_UPLOADS

NO_TEXT = errors.NOT_SENT

OF_FILES = ("file", "image", "video", "audiomsg")
"""Types of messages that are one upload."""

TYPES = ("plain", "contact", *OF_FILES)
"""Types that clients may send; the others are the server's."""

FLAGS = {"important": IMPORTANT, "nopreview": NO_PREVIEW, "silently": SILENT}


async def target(desk: TadaDesk, actor: Actor, team_id: TeamId, jid: str) -> Target:
    """What a jid names in that team.

    Raises:
        NotFound: "chat", or "contact".
    """
    found = need_jid(jid)
    match found.kind:
        case Kind.GROUP | Kind.TASK:
            return Target(chat_id=ChatId(found.number))
        case Kind.NOTEBOT | Kind.SYSTEMBOT:
            return Target(partner_id=await _house_bot(desk, actor, team_id, found))
        case _:
            member_id = TeamMemberId(found.number)
            member = await desk.core.teams.contact(actor, team_id, member_id)
            return Target(partner_id=member.account_id)


async def _house_bot(desk: TadaDesk, actor: Actor, team_id: TeamId, jid: Jid) -> AccountId:
    membership = await desk.core.teams.need(actor, team_id)
    number = team_id if jid.kind is Kind.SYSTEMBOT else membership.me.id
    for bot in desk.core.teams.house_bots(membership):
        if jid.number == number and (bot.bot == SYSTEMBOT) is (jid.kind is Kind.SYSTEMBOT):
            return bot.account_id
    raise NotFound("chat")


@dataclass(slots=True)
class Written:
    """What a client wants to say, checked by itself; what it names is yet to be found.

    Attributes:
        ref: the name of the message, or the message of ours it names; None: it has no name yet.
        uploads: files; of a message that is one upload that one.
        extra: the fields of a card; "" of other messages.
    """

    text: str
    ref: MessageRef | None
    flags: int
    reply_to: str
    linked: list[str]
    uploads: list[str]
    extra: str

    @property
    def uid(self) -> str:
        """The name that the client gave it."""
        return "" if self.ref is None else self.ref.uid


def written(form: Fields, content: Fields) -> Written:
    """Read it. Raises: InvalidData."""
    kind = content.choice("type", TYPES) or "plain"
    card = cards.read_card(content) if kind == "contact" else None
    text = card.text if card else content.raw_text("text", most=MAX_MESSAGE) or ""
    uploads = form.texts("uploads", most_items=MAX_MESSAGE_UPLOADS) or []
    if kind in OF_FILES:
        uploads, text = [content.need_text("upload")], ""
    elif not text.strip() and not uploads:
        content.note("text", NO_TEXT)
    name = form.text("message_id") or ""
    ref = find_ref(name) if name else None
    if name and ref is None:
        form.note("message_id", errors.WRONG_VALUE)
    flags = VOICE if kind == "audiomsg" else 0
    for key, flag in FLAGS.items():
        if form.flag(key):
            flags |= flag
    reply_to = form.text("reply_to") or ""
    linked = form.texts("linked_messages", most_items=MAX_LINKED_MESSAGES) or []
    form.check()
    content.check()
    return Written(text, ref, flags, reply_to, linked, uploads, cards.attach(card) if card else "")


async def post(  # noqa: PLR0917 - who says what where
    desk: TadaDesk, actor: Actor, team_id: TeamId, jid: str, form: Fields, content: Fields
) -> tuple[Target, WholeMessage]:
    """Post a message, or write one's own anew that bears that name already."""
    where = await target(desk, actor, team_id, jid)
    place = await need_writable(desk, actor, team_id, where)
    message = written(form, content)
    if message.ref is not None and not message.uid:
        change = MessageChange(message.text)
        return where, await desk.core.histories.change(actor, team_id, where, message.ref, change)
    reply_to, linked = await _quoted(desk, actor, team_id, where, message)
    files = await _uploaded(desk, actor, message.uploads)
    draft = Draft(
        ChatId(0),
        message.text,
        extra=message.extra,
        attachments=tuple(attached(each) for each in files),
        reply_to=reply_to,
        linked=linked,
        uid=message.uid,
        flags=message.flags,
        reads=True,
    )
    return where, await say(desk, actor, place, where, draft)


async def need_writable(
    desk: TadaDesk, actor: Actor, team_id: TeamId, where: Target
) -> Whereabouts:
    """The chat, as far as one may hope to write there; whether one may is decided when one does.

    Raises:
        NotFound, NotAllowed: as `Histories.whereabouts`; only others write there, or the other one is not
            in the team any more.
    """
    place = await desk.core.histories.whereabouts(actor, team_id, where)
    if not place.writes:
        raise NotAllowed("write")
    if place.partner_id is not None:
        known = await desk.core.teams.contact_of(team_id, [place.partner_id])
        partner = known.get(place.partner_id)
        if partner is not None and partner.is_archived:
            raise NotAllowed("write to who has left")
    return place


async def say(
    desk: TadaDesk, actor: Actor, place: Whereabouts, where: Target, draft: Draft
) -> WholeMessage:
    """Post the draft in that chat, which comes to be, or back to the actor, if need be."""
    post_in = desk.core.histories.post
    await desk.core.teams.note_work(actor, place.team_id)
    draft = draft._replace(chat_id=await _chat(desk, actor, place))
    try:
        return (await post_in(actor, place.team_id, where, draft))[0]
    except NotAllowed:
        if place.partner_id is None or place.chat_id is None:
            raise
        # Perhaps the actor has left this direct chat: whoever writes is back in it.
        again = place._replace(chat_id=None)
        draft = draft._replace(chat_id=await _chat(desk, actor, again))
        return (await post_in(actor, place.team_id, where, draft))[0]


async def _chat(desk: TadaDesk, actor: Actor, place: Whereabouts) -> ChatId:
    if place.chat_id is not None:
        return place.chat_id
    assert place.partner_id is not None, "only a direct chat may not be there yet"
    return (await desk.core.chats.open_direct(actor, place.partner_id, NewGroup("", ()))).id


async def _quoted(
    desk: TadaDesk, actor: Actor, team_id: TeamId, where: Target, message: Written
) -> tuple[MessageId | None, tuple[MessageId, ...]]:
    """What the message answers and brings along; what it answers in another chat is brought along."""
    named = [*([message.reply_to] if message.reply_to else []), *message.linked]
    refs = [find_ref(each) for each in named]
    known = await desk.core.histories.named(
        actor, team_id, [each for each in refs if each is not None]
    )
    found = []
    for place, (uuid, ref) in enumerate(zip(named, refs, strict=True)):
        there = None if ref is None else known.get(ref)
        if there is None:
            key = "reply_to" if message.reply_to and not place else "linked_messages"
            raise errors.invalid(key, errors.no_choice(uuid))
        found.append(there)
    reply_to = None
    if message.reply_to and found[0].target == where:
        reply_to = found.pop(0).id
    return reply_to, tuple(dict.fromkeys(each.id for each in found))


async def _uploaded(desk: TadaDesk, actor: Actor, uploads: list[str]) -> list[File]:
    """The files that these uuids name, which the actor has uploaded or sees."""
    ids = [from_uuid(Kind.UPLOAD, each) for each in uploads]
    known = await desk.core.files.visible(
        actor.account_id, [FileId(each) for each in ids if each is not None]
    )
    found = []
    for uuid, file_id in zip(uploads, ids, strict=True):
        file = None if file_id is None else known.get(FileId(file_id))
        if file is None or file.uploaded_at is None:
            raise errors.invalid("uploads", errors.no_choice(uuid))
        found.append(file)
    return found


def attached(file: File) -> Attachment:
    """The file as it hangs on a message."""
    return Attachment(
        file_id=file.id,
        name=file.name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        width=file.width,
        height=file.height,
    )


def find_ref(uuid: str) -> MessageRef | None:
    """What a message's uuid may mean; None: it is none, or names something else of ours."""
    if not is_uuid(uuid):
        return None
    found = named_by(uuid)
    if found is None:
        return MessageRef(MessageId(0), uuid.lower())
    return MessageRef(MessageId(found[1])) if found[0] is Kind.MESSAGE else None


def ref_of(uuid: str) -> MessageRef:
    """The same. Raises: NotFound("message"): it is none."""
    found = find_ref(uuid)
    if found is None:
        raise NotFound("message")
    return found


async def message_of(desk: TadaDesk, actor: Actor, team_id: TeamId, uuid: str) -> MessageId:
    """The message of that uuid, which the actor sees. Raises: NotFound("message")."""
    return (await desk.core.histories.find(actor, team_id, ref_of(uuid))).id


async def delete(desk: TadaDesk, actor: Actor, team_id: TeamId, uuid: str) -> WholeMessage:
    """Delete a message for everybody; what it was."""
    found = await desk.core.histories.find(actor, team_id, ref_of(uuid))
    return await desk.core.histories.delete(actor, team_id, found.target, MessageRef(found.id))
