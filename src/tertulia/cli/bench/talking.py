"""The works in which people talk: groups, room, latency, pairs, published."""

from collections.abc import Awaitable, Sequence

from tertulia.cli.bench.crowd import Chat, Stretch
from tertulia.cli.bench.pacing import at_rate, for_seconds
from tertulia.cli.bench.report import Cost, costing, delays
from tertulia.cli.bench.stage import Stage, seated, writers

# Before the clock runs, everything is done for this long, in seconds, and forgotten.
WARM_UP_S = 2.0

_HUNDRED_THOUSAND = 100_000
_MILLION = 1_000_000


async def saturated(stage: Stage) -> dict[str, float]:
    """Groups and room: as fast as it goes, a window of messages in flight for every writer."""
    plan = stage.plan
    async with seated(stage) as chats:
        await for_seconds(chats, plan.window, WARM_UP_S)
        stretch, cost = await _measured(stage, for_seconds(chats, plan.window, plan.seconds))
        heard = len(stretch.delivery_delays)
        return {
            "deliveries_per_s": heard / cost.seconds,
            "messages_per_s": len(stretch.ack_delays) / cost.seconds,
            **cost.cpu_per("cpu_s_per_100k_deliveries", heard, _HUNDRED_THOUSAND),
            **cost.cpu_per("cpu_us_per_message", len(stretch.ack_delays), _MILLION),
            **delays("delivery", stretch.delivery_delays),
            **_frame(stretch),
            **cost.figures(),
        }


async def latency(stage: Stage) -> dict[str, float]:
    """A steady offer: how long from the moment a message is due until others have it."""
    plan = stage.plan
    async with seated(stage) as chats:
        await _offered(chats, plan.rate, WARM_UP_S)
        stretch, cost = await _measured(stage, _offered(chats, plan.rate, plan.seconds))
        return {
            **delays("delivery", stretch.delivery_delays),
            **delays("ack", stretch.ack_delays),
            "messages_per_s": stretch.sent / cost.seconds,
            **_frame(stretch),
            **cost.figures(),
        }


async def pairs(stage: Stage) -> dict[str, float]:
    """Many direct chats at once: what they reach, and how they feel at half of it."""
    plan = stage.plan
    async with seated(stage) as chats:
        await for_seconds(chats, plan.window, WARM_UP_S)
        full, cost = await _measured(stage, for_seconds(chats, plan.window, plan.seconds))
        acked = len(full.ack_delays)
        rate = acked / cost.seconds
        half, ease = await _measured(stage, _offered(chats, rate / 2, plan.seconds))
        return {
            "acks_per_s": rate,
            **cost.cpu_per("cpu_s_per_100k_messages", acked, _HUNDRED_THOUSAND),
            **delays("half_ack", half.ack_delays),
            "half_acks_per_s": len(half.ack_delays) / ease.seconds,
            **_frame(full),
            **cost.figures(),
        }


async def published(stage: Stage) -> dict[str, float]:
    """SAMA's own load test: nothing may be taken for a resend, although all looks the same."""
    plan = stage.plan
    async with seated(stage) as chats:
        await _offered(chats, plan.rate, WARM_UP_S)
        stretch, cost = await _measured(stage, _offered(chats, plan.rate, plan.seconds))
        written = [mid for sender in writers(chats) for mid in sender.mids]
        resends = len(written) - len(set(written))
        if resends and not stage.bare:
            stage.complaints.add(f"{resends} messages were taken for resends")
        return {
            **cost.cpu_per("cpu_percent", cost.seconds, 100.0),
            **delays("delivery", stretch.delivery_delays),
            **delays("ack", stretch.ack_delays),
            "deliveries_per_s": len(stretch.delivery_delays) / cost.seconds,
            **({} if stage.bare else {"taken_for_resends": float(resends)}),
            **_frame(stretch),
            **cost.figures(),
        }


def _offered(chats: Sequence[Chat], rate: float, seconds: float) -> Awaitable[Stretch]:
    return at_rate(chats, rate, seconds, writers(chats))


async def _measured(stage: Stage, talking: Awaitable[Stretch]) -> tuple[Stretch, Cost]:
    with costing(stage.server_pid) as cost:
        stretch = await talking
    return stretch, cost


def _frame(stretch: Stretch) -> dict[str, float]:
    """How large the server's packets were: the baseline is given the same."""
    return {"delivery_bytes": stretch.delivery_bytes, "ack_bytes": stretch.ack_bytes}
