"""What the webhook of an integration is told: each new message of its group, as a form of six fields.

(Tada document, Интеграции: Получение сообщений из чата.) The engine that makes the calls, waits and
repeats is `delivery.callbacks`; here is what it is to say, and how patiently.
"""

from collections.abc import Collection, Iterable
from urllib.parse import urlencode

from tertulia.core.calls import Call, Due
from tertulia.core.events import Event, MessagePosted
from tertulia.core.hooks import KIND, Told
from tertulia.core.ids import AccountId, HookId
from tertulia.core.message_model import Message, readable
from tertulia.core.team_model import TeamMember
from tertulia.dialects.tada import ids, times
from tertulia.dialects.tada.contacts import contact_jid, member_name
from tertulia.dialects.tada.desk import TadaDesk
from tertulia.dialects.tada.hook_help import REPEATS
from tertulia.dialects.tada.ids import Kind
from tertulia.dialects.tada.uploads import address_of

WITHIN_S = 10.0

PAUSES_S = tuple(float(2**each) for each in range(REPEATS))
"""1 2 4 … 128."""

OK = 200
"""Whatever else comes back, 204 and 301 too, is repeated."""


class Webhooks:
    """`core.calls.Errands` of integrations."""

    kind = KIND
    within_s = WITHIN_S
    pauses_s = PAUSES_S
    gives_up_s = None

    def __init__(self, desk: TadaDesk) -> None:
        self._desk = desk

    def hooks_of(self, event: Event, accounts: Collection[AccountId]) -> Iterable[HookId]:
        """Those of the chat a message was posted in."""
        del accounts
        if type(event) is not MessagePosted:
            return ()
        return self._desk.core.hooks.listening_to(event.message.chat_id)

    async def open(self) -> None:
        """See the port."""
        await self._desk.core.hooks.open()

    async def learn(self, hook_id: HookId) -> None:
        """See the port."""
        await self._desk.core.hooks.learn(hook_id)

    async def pending(self, hook_id: HookId, after: int, limit: int) -> Due | None:
        """The next messages of its group, each as a call."""
        told = await self._desk.core.hooks.told(hook_id, after, limit)
        if told is None:
            return None
        authors = [each.author_id for each in told.messages]
        members = await self._desk.core.teams.contact_of(told.hook.team_id, authors)
        calls = [self._call(told, each, members.get(each.author_id)) for each in told.messages]
        return Due(calls, told.seen)

    async def given_up(self, hook_id: HookId) -> None:
        """Never: each message has its own end of patience."""
        del hook_id

    def _call(self, told: Told, message: Message, sender: TeamMember | None) -> Call:
        fields = {
            "chat": ids.to_jid(Kind.GROUP, message.chat_id),
            "chat_display_name": told.chat_name,
            "created": times.date_time(message.sent_at),
            "sender": _jid(message, sender),
            "sender_display_name": "" if sender is None else member_name(told.team, sender),
            "text": self._text(message),
        }
        headers = (
            ("key", told.hook.key),
            ("content-type", "application/x-www-form-urlencoded"),
        )
        body = urlencode(fields).encode()
        return Call(message.id, told.hook.webhook_url, headers, body, only=OK)

    def _text(self, message: Message) -> str:
        """Words, and the addresses of files below them."""
        addresses = [address_of(self._desk, each) for each in message.attachments]
        return "\n".join(part for part in (readable(message).text, *addresses) if part)


def _jid(message: Message, sender: TeamMember | None) -> str:
    if sender is None:
        return ids.to_jid(Kind.HOME_CONTACT, message.author_id)
    return contact_jid(sender)
