"""What this server does not do, answered as the clients expect it of a server without these parts."""

from typing import TYPE_CHECKING, Any

from tertulia.dialects.sama.errors import FORBIDDEN, Refused, refused
from tertulia.dialects.sama.handlers.answer import Answer
from tertulia.dialects.sama.params import need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

NO_HANDLER = "Handler for this conversation not found."
NO_AGENT = (500, "An error occurred while processing messages with the AI agent.")


async def conversation_handler_create(talk: "Talk", given: Any) -> Answer:
    """Programs of users do not run inside this server."""
    del talk
    need_object(given)
    raise Refused(FORBIDDEN)


async def conversation_handler_find(talk: "Talk", given: Any) -> Answer:
    """There is none to be shown or deleted."""
    del talk
    need_object(given)
    raise refused(NO_HANDLER)


async def agent(talk: "Talk", given: Any) -> Answer:
    """There is no language model; stock clients show an apology of their own."""
    del talk
    need_object(given)
    raise Refused(NO_AGENT)
