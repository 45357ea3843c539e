"""From a filter to the conditions of a statement, all of them about `m`, a message that stands in one chat.

Whatever is asked, a chat is gone through along its dates, or along its changes; nothing else is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tertulia.core.flags import IMPORTANT, SILENT, VOICE
from tertulia.core.histories import MessageFilter
from tertulia.core.ids import COUNTER_MASK, AccountId
from tertulia.core.message_types import PICTURES, MessageType
from tertulia.core.text import containing
from tertulia.store.work import array

# The date of its last change; of a deletion always a later one than before (`WholeMessage.changed_at`).
CHANGED_AT = """
    CASE
        WHEN m.deleted_at IS NULL THEN COALESCE(m.edited_at, m.sent_at)
        WHEN m.deleted_at > COALESCE(m.edited_at, m.sent_at) THEN m.deleted_at
        ELSE COALESCE(m.edited_at, m.sent_at) + 1
    END
"""

NOT_HIDDEN = """
    NOT EXISTS (SELECT 1 FROM hidden h WHERE h.message_id = m.id AND h.account_id = ?)
"""

# Nobody means the letters that a cipher happens to be made of.
HAS_WORDS = r"m.cipher IS NULL AND COALESCE(m.folded, m.text) LIKE ? ESCAPE '\'"

ONE_OF = "{column} IN (SELECT CAST(each.value AS BIGINT) FROM json_each(?) AS each)"

_PICTURE = " OR ".join(f"""m.attachments LIKE '%"content_type":"{each}"%'""" for each in PICTURES)
_VIDEO = """m.attachments LIKE '%"content_type":"video/%'"""
_SINGLE = "m.notice IS NULL AND m.text = '' AND m.attachments IS NOT NULL"
_VOICE = f"(m.flags & {VOICE}) <> 0"

# The same as `core.message_types.type_of`. Quotes inside a JSON text are escaped, so no name of a file
# is taken for its type.
OF_TYPE = {
    MessageType.PLAIN: "(m.notice IS NULL AND (m.text <> '' OR m.attachments IS NULL))",
    MessageType.CHANGE: "m.notice IS NOT NULL",
    MessageType.VOICE: f"({_SINGLE} AND {_VOICE})",
    MessageType.IMAGE: f"({_SINGLE} AND NOT {_VOICE} AND ({_PICTURE}))",
    MessageType.VIDEO: f"({_SINGLE} AND NOT {_VOICE} AND NOT ({_PICTURE}) AND {_VIDEO})",
    MessageType.FILE: f"({_SINGLE} AND NOT {_VOICE} AND NOT ({_PICTURE}) AND NOT {_VIDEO})",
}


@dataclass(slots=True)
class Conditions:
    """Conditions of a statement, and the parameters they take, in order."""

    texts: list[str] = field(default_factory=list)
    params: list[object] = field(default_factory=list)

    def add(self, text: str, *params: object) -> None:
        """One more that must hold."""
        self.texts.append(text)
        self.params += params

    @property
    def sql(self) -> str:
        """All of them, each with an AND before it."""
        return "".join(f" AND {each}" for each in self.texts)


def conditions(reader: AccountId, wish: MessageFilter, *, read_at: str | None = None) -> Conditions:
    """What every message of the answer must be, whatever chat and time it is from.

    *read_at*: an expression for how far the reader has read the chat; None: what is unread is not asked.
    """
    found = Conditions()
    found.add(NOT_HIDDEN, reader)
    if not wish.with_deleted:
        found.add("m.deleted_at IS NULL")
    if wish.authors is not None:
        found.add(ONE_OF.format(column="m.author_id"), array(wish.authors))
    if wish.types is not None:
        found.add(f"({' OR '.join(OF_TYPE[each] for each in wish.types) or '1 = 0'})")
    if wish.text:
        found.add(HAS_WORDS, containing(wish.text))
    if wish.has_upload is not None:
        found.add(f"m.attachments IS {'NOT NULL' if wish.has_upload else 'NULL'}")
    if wish.important is not None:
        found.add(f"(m.flags & {IMPORTANT}) {'<>' if wish.important else '='} 0")
    if wish.unread is not None and read_at is not None:
        is_loud = f"(m.flags & {SILENT}) = 0 AND m.notice IS NULL"
        is_unread = f"(m.sent_at > {read_at} AND m.author_id <> ? AND {is_loud})"
        found.add(is_unread if wish.unread else f"NOT {is_unread}", reader)
    if wish.changed_from is not None:
        at, count = wish.changed_from
        changed = f"({CHANGED_AT})"
        found.add(
            f"({changed} > ? OR ({changed} = ? AND (m.id & {COUNTER_MASK}) >= ?))", at, at, count
        )
    return found


def span(wish: MessageFilter, bounds: Sequence[int]) -> tuple[int, int]:
    """After which date and before which the messages were posted; *bounds*: those that dates are not about."""
    since, until = bounds
    if wish.date_from is not None:
        since = max(since, wish.date_from - 1)
    if wish.date_to is not None:
        until = min(until, wish.date_to)
    return since, until
