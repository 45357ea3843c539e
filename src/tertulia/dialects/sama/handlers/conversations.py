"""Conversations API."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tertulia.core.errors import BadInput, NotFound
from tertulia.core.ids import AccountId, ChatId
from tertulia.core.model import Chat, ChatChange, NewGroup
from tertulia.dialects.sama import ids
from tertulia.dialects.sama.desk import SEED
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.handlers.users import picture
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.params import Params, need_object
from tertulia.dialects.sama.wire import Conversation, User

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

WRONG_TYPE = "The type you entered is incorrect."
NO_USER = "Please select at least one user."
TOO_MANY = "There are too many users in the group conversation."
NO_CIDS = "'cids' field is required."

MOST_FIRST_SUBSCRIBERS = 100_000
"""Participants a channel may be created with; one request rarely holds so many."""


async def conversation_create(talk: "Talk", given: Any) -> Answer:
    """Open a private conversation, a group or a channel (document, Create)."""
    params = need_object(given)
    kind = params.text("type", 0, 255, words=WRONG_TYPE)
    if not kind:
        raise refused("Conversation type missed.")
    if kind not in {"u", "g", "c"}:
        raise refused(WRONG_TYPE)
    card = NewGroup(
        name=_name(params, needed=kind != "u"),
        description=params.text("description", 0, 255) or "",
        picture=picture(params.object("image_object")),
        encrypted=params.flag("is_encrypted") or False,
        members=_participants(talk, params, kind),
    )
    if kind == "u":
        chat = await _open_direct(talk, params, card)
    elif kind == "c":
        chat = await talk.desk.core.chats.open_channel(talk.actor, card)
    else:
        chat = await talk.desk.core.chats.open_group(talk.actor, card, talk.desk.most_members)
    return {"conversation": Conversation.of(chat, talk.desk.links)}


def _name(params: Params, *, needed: bool) -> str:
    words = "You haven't specified a conversation name."
    if needed:
        return params.need_text("name", 1, 255, words=words)
    return params.text("name", 0, 255, words=words) or ""


def _participants(talk: "Talk", params: Params, kind: str) -> tuple[AccountId, ...]:
    if kind == "c":
        return params.accounts("participants", MOST_FIRST_SUBSCRIBERS)
    most = talk.desk.most_members
    listed = params.values.get("participants")
    if isinstance(listed, list) and len(listed) > most:
        raise refused(TOO_MANY)
    found = params.ids("participants", most)
    if not found and not (kind == "u" and params.given("opponent_id")):
        raise refused(NO_USER)
    return tuple(AccountId(each) for each in dict.fromkeys(found or ()) if each != ids.UNKNOWN)


async def _open_direct(talk: "Talk", params: Params, card: NewGroup) -> Chat:
    """The opponent is `opponent_id`, or the first known participant who is not oneself."""
    core, actor = talk.desk.core, talk.actor
    me = actor.account_id
    known = {account.id for account in await core.accounts.several(card.members)}
    if len(known) > 2:
        raise refused("There are too many users in the private conversation.")
    if params.given("opponent_id"):
        return await core.chats.open_direct(actor, AccountId(params.id("opponent_id")), card)
    others = [each for each in card.members if each in known and each != me]
    if not others and me in known:
        raise BadInput("other", "is oneself")
    if not others:
        raise NotFound("account")
    return await core.chats.open_direct(actor, others[0], card)


async def conversation_update(talk: "Talk", given: Any) -> Answer:
    """Change a conversation and its participants (document, Update)."""
    params = need_object(given)
    chat_id = ChatId(params.id("id"))
    name = params.text("name", 1, 255)
    description = params.text("description", 0, 255)
    image = picture(params.object("image_object"))
    participants = params.object("participants") or Params({})
    admins = params.object("admins") or Params({})
    change = ChatChange(
        name=name,
        description=description,
        picture=image,
        add=participants.accounts("add", 1_000),
        remove=participants.accounts("remove", 1_000),
        add_admins=admins.accounts("add", 1_000),
        remove_admins=admins.accounts("remove", 1_000),
    )
    chat = await talk.desk.core.chats.change(talk.actor, chat_id, change, talk.desk.most_members)
    return (
        {"deleted": True}
        if chat is None
        else {"conversation": Conversation.of(chat, talk.desk.links)}
    )


async def conversation_delete(talk: "Talk", given: Any) -> Answer:
    """Leave a conversation (document, Delete). A private one is only hidden."""
    params = need_object(given)
    await talk.desk.core.chats.leave(talk.actor, ChatId(params.id("id")))
    return SUCCESS


async def conversation_list(talk: "Talk", given: Any) -> Answer:
    """My conversations, newest change first (document, List)."""
    page = need_object(given).page(30, 100, most_ids=10)
    listed = await talk.desk.core.chats.listed(talk.actor, page)
    return {"conversations": [Conversation.listed(each, talk.desk.links) for each in listed]}


async def conversation_search(talk: "Talk", given: Any) -> Answer:
    """My groups, and every channel, by part of their name (document, Search).

    QUIRK sama: the document answers with objects, stock clients index an array of ids.
    """
    params = need_object(given)
    name = params.need_text("name", 1, 65_536)
    limit = params.strict_limit(30, 100, 30)
    changed_after, _ = params.bounds()
    # Asked now, because who asked may be gone when the answer is there.
    flavour = talk.flavour
    found = await talk.desk.core.chats.search(talk.actor, name, limit, changed_after=changed_after)
    if flavour == SEED:
        return {"conversations": [Conversation.of(chat, talk.desk.links) for chat in found]}
    return {"conversations": [to_wire(chat.id) for chat in found]}


async def get_participants_by_cids(talk: "Talk", given: Any) -> Answer:
    """Who is in my conversations (document, List conversations' participants).

    QUIRK sama: the document has `users` alone; the mobile client dies without the map beside it, and
    of a name in the map that is none of the users.
    """
    params = need_object(given)
    chat_ids, actor = _cids(params), talk.actor
    members = await talk.desk.core.chats.members(actor, chat_ids)
    everybody = {each for present in members.values() for each in present}
    users = await talk.desk.users(actor, list(everybody))
    return {"users": users, "conversations": _by_conversation(members, users)}


async def get_admins_by_cids(talk: "Talk", given: Any) -> Answer:
    """Owner and admins of the conversations that I lead: the owner first, then admins, oldest first."""
    chat_ids, actor = _cids(need_object(given)), talk.actor
    admins = await talk.desk.core.chats.admins(actor, chat_ids)
    order = list(dict.fromkeys(each for leading in admins.values() for each in leading))
    known = {user.id: user for user in await talk.desk.users(actor, order)}
    users = [known[name] for name in map(to_wire, order) if name in known]
    return {"users": users, "conversations": _by_conversation(admins, users)}


def _cids(params: Params) -> list[ChatId]:
    if not params.given("cids"):
        raise refused(NO_CIDS)
    return [ChatId(each) for each in params.need_ids("cids", 100)]


def _by_conversation(
    accounts: Mapping[ChatId, Sequence[AccountId]], users: Sequence[User]
) -> dict[str, list[str]]:
    """Those of them who are among the users: who has deleted his account is not."""
    known = {user.id for user in users}
    return {
        to_wire(chat_id): [name for name in map(to_wire, listed) if name in known]
        for chat_id, listed in accounts.items()
    }


async def conversation_subscribe(talk: "Talk", given: Any) -> Answer:
    """Read a channel from now on."""
    await talk.desk.core.chats.subscribe(talk.actor, _channel(given))
    return SUCCESS


async def conversation_unsubscribe(talk: "Talk", given: Any) -> Answer:
    """Read a channel no more."""
    await talk.desk.core.chats.unsubscribe(talk.actor, _channel(given))
    return SUCCESS


def _channel(given: Any) -> ChatId:
    return ChatId(need_object(given).id("cid", words="'cid' field is required."))
