"""One port for everything: the classes with which uvicorn serves HTTP and WebSockets side by side."""

from dataclasses import dataclass

from tertulia.core.tally import Tally
from tertulia.web.door import Door, Extra, OpenSpeaker, Refusal, in_plain_words
from tertulia.web.handover import Handover
from tertulia.web.house import Flusher, House
from tertulia.web.http import OnePortHttp
from tertulia.web.limits import Limits
from tertulia.web.rounds import Rounds


@dataclass(frozen=True, slots=True)
class Port:
    """What uvicorn is given (`http`, `ws`) and what fan-out uses (`flusher`)."""

    http: type[OnePortHttp]
    ws: type[Handover]
    flusher: Flusher
    house: House


def one_port(
    open_speaker: OpenSpeaker,
    limits: Limits,
    tally: Tally,
    *,
    refusal: Refusal = in_plain_words,
    also: Extra = lambda _: (),
) -> Port:
    """The classes with which uvicorn serves HTTP and WebSockets on one port.

    Args:
        open_speaker: chooses the dialect of an upgrade request.
        limits: the bounds; they hold for this port only.
        tally: where connections, frames and refusals are counted.
        refusal: the words of an answer that no dialect gives, because the request never gets there.
        also: further headers of such an answer.
    """
    house = House(limits, tally)
    shared = Door(Rounds(house), open_speaker, refusal, also)

    class PortSocket(Handover):
        __slots__ = ()
        rounds = shared.rounds

    class PortHttp(OnePortHttp):
        door = shared

    return Port(PortHttp, PortSocket, house.flusher, house)
