"""Events: callbacks and long polls (Astrak document, Указание Callback and Получение событий)."""

from starlette.responses import Response

from tertulia.dialects.astrak.desk import Asked, done
from tertulia.dialects.astrak.polling import WaitingPoll, Wish
from tertulia.web.held import Later

MOST_EVENTS = 100
"""In one answer."""

LONGEST_S = 50
"""A poll may wait for."""

FAR = 2**53 - 1


async def callback_start(asked: Asked) -> Response:
    """Be told there from now on (document, Указание Callback для получения событий)."""
    actor = await asked.actor()
    address = asked.params.need_text("callback")
    own = asked.params.flag("own") or False
    callback = await asked.core.callbacks.start(actor, address, own=own)
    return done(
        callback=callback.address, deliverable=callback.is_deliverable, secret=callback.secret
    )


async def callback_stop(asked: Asked) -> Response:
    """Be told no more."""
    await asked.core.callbacks.stop(await asked.actor())
    return done()


async def polling(asked: Asked) -> Response:
    """Wait for something to happen (document, Получение событий с помощью Long Polling)."""
    session = await asked.session()
    params = asked.params
    timeout_s = params.whole("timeout", 0, LONGEST_S)
    wish = Wish(
        offset=params.whole("offset", 0, FAR),
        limit=params.whole("limit", 1, MOST_EVENTS),
        timeout_s=asked.desk.poll_timeout_s if timeout_s is None else timeout_s,
        own=params.flag("own") or False,
    )
    poll = WaitingPoll(asked.desk, session, wish)
    return Later(poll, poll.begin)
