"""Messages API: lists, read status, reactions."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tertulia.core.ids import ChatId, MessageId
from tertulia.core.message_model import ReadMark
from tertulia.core.model import Page
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.handlers.caller import Caller
from tertulia.dialects.sama.handlers.messages import BAD_ID, NO_CID
from tertulia.dialects.sama.ids import to_wire
from tertulia.dialects.sama.params import Params, need_object
from tertulia.dialects.sama.wire import Message

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

MAX_REACTION = 10
"""Code points."""

MOST_IDS_READ = 10_000

LISTED = 30
"""Messages of a page of no given size."""

MOST_LISTED = 100


async def message_list(talk: "Talk", given: Any) -> Answer:
    """A page of a conversation: newest first, or with `gt` oldest first (document, List).

    Who names messages gets them all: stock clients take for deleted what is missing then.
    `created_at` is ours: bounds by the date of posting, so that one can jump into the middle.
    """
    params = need_object(given)
    chat_id = ChatId(params.id("cid", words=NO_CID))
    default = MOST_LISTED if params.given("ids") else LISTED
    page = _posted(params, params.page(default, MOST_LISTED, most_ids=MOST_LISTED))
    actor = talk.actor
    listed = await talk.desk.core.messages.history(actor, chat_id, page)
    links = talk.desk.links
    return {
        "messages": [
            Message.listed(each, links, with_status=each.message.author_id == actor.account_id)
            for each in listed
        ]
    }


def _posted(params: Params, page: Page) -> Page:
    after, before = params.bounds("created_at")
    if before is not None and (page.before is None or before < page.before):
        page = replace(page, before=before)
    return page if after is None else replace(page, posted_after=after)


async def message_read(talk: Caller, given: Any) -> Answer:
    """Say what one has read; without `ids` everything (document, Read status)."""
    mark = read_mark(need_object(given))
    await talk.desk.core.messages.mark_read(talk.actor, mark)
    return SUCCESS


def read_mark(params: Params) -> ReadMark:
    """What `cid` and `ids` say was read."""
    chat_id = ChatId(params.id("cid", words=NO_CID))
    found = params.ids("ids", MOST_IDS_READ)
    named = None if found is None else tuple(MessageId(each) for each in found)
    return ReadMark(chat_id, named)


async def message_reactions_update(talk: Caller, given: Any) -> Answer:
    """React to a message, or take a reaction back."""
    params = need_object(given)
    message_id = MessageId(params.id("mid", words=BAD_ID))
    add, remove = _reaction(params, "add"), _reaction(params, "remove")
    if not add and not remove:
        raise refused('"value" must contain at least one of [add, remove]')
    await talk.desk.core.messages.react(talk.actor, message_id, add, remove)
    return SUCCESS


def _reaction(params: Params, key: str) -> tuple[str, ...]:
    reaction = params.text(key, 1, MAX_REACTION)
    return () if reaction is None else (reaction,)


async def message_reactions_list(talk: "Talk", given: Any) -> Answer:
    """Who reacted with what."""
    params = need_object(given)
    message_id = MessageId(params.id("mid", words=BAD_ID))
    reactions = await talk.desk.core.messages.reactions(talk.actor, message_id)
    return {
        "reactions": {
            reaction: [to_wire(each) for each in accounts] for reaction, accounts in reactions
        }
    }
