"""The works the load generator knows, and how large each is when nothing else is said.

Only the standard library is imported here, so that `tertulia --help` stays quick.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How large one work is.

    Attributes:
        work: its name on the command line.
        summary: one line for people.
        users: accounts that take part; for `idle` the number of sockets.
        members: how many of them share one chat.
        seconds: how long is measured; warming up comes before it.
        window: messages a sender keeps in flight; such a message is over when it has been
            acknowledged and every other member has it.
        rate: messages a second offered to the whole server, whatever it does with them.
        body: length of a text in bytes.
        messages: how many `pages` writes before it reads.
        accounts: how many accounts the sockets of `idle` share; 0 for one each. Those of `polls`.
        everyone: every member of a chat writes, not only the first.
        repeated: all messages bear one text and one client id.
        dialect: in whose words people talk, `sama` or `tada`.
        confirms: every listener confirms what it hears, as Tada's clients do.
    """

    work: str
    summary: str
    users: int
    members: int = 10
    seconds: float = 10.0
    window: int = 8
    rate: float = 0.0
    body: int = 200
    messages: int = 0
    accounts: int = 0
    everyone: bool = False
    repeated: bool = False
    dialect: str = "sama"
    confirms: bool = False


PLANS = {
    plan.work: plan
    for plan in (
        Plan("groups", "groups of 10, everybody online, one writes", users=200),
        Plan("tada-groups", "the same on Tada's sockets", users=200, dialect="tada"),
        Plan(
            "tada-confirmed",
            "the same, and every packet is confirmed by whoever hears it",
            users=200,
            dialect="tada",
            confirms=True,
        ),
        Plan("room", "one chat of 500, one writes", users=500, members=500),
        Plan("latency", "200 messages/s offered to groups of 10", users=200, rate=200.0),
        Plan("pairs", "direct chats at saturation, then at half of it", users=128, members=2),
        Plan("idle", "signed-in sockets that do nothing", users=2000, seconds=2.0, accounts=100),
        Plan(
            "pages",
            "pages of 50 from a long chat, every member reads at once",
            users=16,
            members=16,
            seconds=5.0,
            window=512,
            messages=100_000,
        ),
        Plan(
            "published",
            "SAMA's own load test: groups of 4, a few bytes every 5 s, always the same id",
            users=300,
            members=4,
            seconds=30.0,
            rate=60.0,
            everyone=True,
            repeated=True,
        ),
        Plan("polls", "Astrak polls that wait", users=5000, accounts=150),
        Plan("signin", "sign-ups and sign-ins by password", users=50, seconds=0.0),
    )
}
