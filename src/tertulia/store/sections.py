"""Sections of a team's directory, and the tags of its tasks."""

from collections.abc import Sequence

from tertulia.core.errors import NotFound, TooMuch
from tertulia.core.events import SectionsChanged, TagsChanged
from tertulia.core.ids import SectionId, TagId, TeamId
from tertulia.core.model import Actor
from tertulia.core.team_model import Beside, Section, SectionChange, Tag
from tertulia.core.team_rights import need_more_than_guest
from tertulia.core.text import key
from tertulia.store.engine import Engine
from tertulia.store.team_places import tell_members
from tertulia.store.team_records import MEMBER, MEMBERS_FROM, member, need_member
from tertulia.store.teams import as_text
from tertulia.store.work import Work, array, draw, many, row, rows, run, tell

MOST_SECTIONS = 500
"""Of one team."""

SECTIONS = """
SELECT s.id, s.team_id, s.name, s.description, s.place, s.version FROM sections s
WHERE s.team_id = ? ORDER BY s.place
"""

INSERT = """
INSERT INTO sections (id, team_id, name, description, place, version) VALUES (?, ?, ?, ?, ?, ?)
"""

UPDATE = "UPDATE sections SET name = ?, description = ?, place = ?, version = ? WHERE id = ?"

REMOVE = "DELETE FROM sections WHERE id = ?"

# sections: "[1,2]".
UNDER = f"""
SELECT {MEMBER} {MEMBERS_FROM}
WHERE t.team_id = ? AND t.sections <> ''
    AND REPLACE(REPLACE(t.sections, '[', ','), ']', ',') LIKE ?
"""

LIFT = "UPDATE team_members SET sections = ?, version = ? WHERE id = ?"

CHATS_UNDER = (
    "UPDATE group_settings SET section_id = NULL, version = ? WHERE section_id = ?",
    "UPDATE tasks SET section_id = NULL, version = ? WHERE section_id = ?",
)

TAGS = "SELECT t.id, t.team_id, t.name, t.version FROM tags t WHERE t.team_id = ? ORDER BY t.name, t.id"

KNOWN_TAGS = """
SELECT t.id, t.team_id, t.name, t.version, t.name_key FROM tags t
WHERE t.team_id = ?
    AND t.name_key IN (SELECT CAST(each.value ->> 0 AS TEXT) FROM json_each(?) AS each)
"""

INSERT_TAG = "INSERT INTO tags (id, team_id, name, name_key, version) VALUES (?, ?, ?, ?, ?)"

SECTION_OF = "SELECT s.id FROM sections s WHERE s.id = ? AND s.team_id = ?"


class SqlSections:
    """`core.team_ports.SectionStore` over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def listed(self, team_id: TeamId) -> list[Section]:
        """See the port."""
        return await self._engine.read(sections_of(team_id))

    async def tags(self, team_id: TeamId) -> list[Tag]:
        """See the port."""
        return [Tag(*each) for each in await self._engine.read(rows(TAGS, team_id))]

    async def add(self, actor: Actor, team_id: TeamId, new: SectionChange, now: int) -> Section:
        """See the port."""
        return await self._engine.write(add(actor, team_id, new, now))

    async def change(
        self,
        actor: Actor,
        team_id: TeamId,
        section_id: SectionId,
        change: SectionChange,
        now: int,
    ) -> Section:
        """See the port."""
        return await self._engine.write(change_section(actor, team_id, section_id, change, now))

    async def remove(self, actor: Actor, team_id: TeamId, section_id: SectionId, now: int) -> None:
        """See the port."""
        await self._engine.write(remove(actor, team_id, section_id, now))


def sections_of(team_id: TeamId) -> Work[list[Section]]:
    """Those of the team, in their order."""
    return [Section(*each) for each in (yield from rows(SECTIONS, team_id))]


def _need_right(actor: Actor, team_id: TeamId) -> Work[None]:
    membership = yield from need_member(team_id, actor.account_id)
    need_more_than_guest(membership.me)


def _find(sections: Sequence[Section], section_id: SectionId) -> Section:
    found = next((each for each in sections if each.id == section_id), None)
    if found is None:
        raise NotFound("section")
    return found


def _placed(others: Sequence[Section], moved: Section, beside: Beside) -> list[Section]:
    neighbour, is_after = beside
    order = [each for each in others if each.id != moved.id]
    place = order.index(_find(order, neighbour))
    order.insert(place + is_after, moved)
    return order


def add(actor: Actor, team_id: TeamId, asked: SectionChange, now: int) -> Work[Section]:
    """A new section: the last one, or beside another."""
    yield from _need_right(actor, team_id)
    known = yield from sections_of(team_id)
    if len(known) >= MOST_SECTIONS:
        raise TooMuch("sections")
    number = SectionId((yield from draw(now)))
    new = Section(number, team_id, asked.name or "", asked.description or "", 0, number)
    order = [*known, new] if asked.beside is None else _placed(known, new, asked.beside)
    yield from run(INSERT, number, team_id, new.name, new.description, 0, number)
    changed = yield from _store(actor, known, order, now)
    return _find(changed, number)


def change_section(
    actor: Actor, team_id: TeamId, section_id: SectionId, change: SectionChange, now: int
) -> Work[Section]:
    """The section as it is now."""
    yield from _need_right(actor, team_id)
    known = yield from sections_of(team_id)
    old = _find(known, section_id)
    new = old._replace(
        name=old.name if change.name is None else change.name,
        description=old.description if change.description is None else change.description,
    )
    order = [new if each.id == section_id else each for each in known]
    if change.beside is not None and change.beside[0] != section_id:
        order = _placed(order, new, change.beside)
    changed = yield from _store(actor, known, order, now)
    return next((each for each in changed if each.id == section_id), old)


def _store(
    actor: Actor, known: Sequence[Section], order: Sequence[Section], now: int
) -> Work[list[Section]]:
    """Number them anew and keep those that are not as they were; the team hears of these."""
    before = {each.id: each for each in known}
    changed = []
    for place, each in enumerate(order, 1):
        new = each._replace(place=place)
        if new != before.get(each.id):
            changed.append(new._replace(version=(yield from draw(now))))
    yield from many(
        UPDATE,
        [(each.name, each.description, each.place, each.version, each.id) for each in changed],
    )
    if changed:
        yield from _tell(actor, changed, (), now)
    return changed


def _tell(
    actor: Actor, changed: Sequence[Section], removed: Sequence[Section], now: int
) -> Work[None]:
    either = (*changed, *removed)
    version = max(each.version for each in either)
    team_id = either[0].team_id
    event = SectionsChanged(team_id, tuple(changed), tuple(removed), version, now, actor.connection)
    yield from tell(event)


def remove(actor: Actor, team_id: TeamId, section_id: SectionId, now: int) -> Work[None]:
    """It is gone, and nobody stands under it. Of groups and tasks there nobody hears beside that."""
    yield from _need_right(actor, team_id)
    known = yield from sections_of(team_id)
    gone = _find(known, section_id)
    yield from run(REMOVE, section_id)
    for statement in CHATS_UNDER:
        yield from run(statement, (yield from draw(now)), section_id)
    lifted = []
    for found in (yield from rows(UNDER, team_id, f"%,{section_id},%")):
        each = member(found)
        left = tuple(one for one in each.sections if one != section_id)
        lifted.append(each._replace(sections=left, version=(yield from draw(now))))
    yield from many(LIFT, [(as_text(each.sections), each.version, each.id) for each in lifted])
    yield from _tell(actor, (), (gone._replace(version=(yield from draw(now))),), now)
    if lifted:
        yield from tell_members(team_id, lifted, actor, now)


def need_section(team_id: TeamId, section_id: int) -> Work[None]:
    """Raises: NotFound("section"): the team has no such section."""
    if (yield from row(SECTION_OF, section_id, team_id)) is None:
        raise NotFound("section")


def tags_named(team_id: TeamId, names: Sequence[str], actor: Actor, now: int) -> Work[list[Tag]]:
    """The team's tags of these names, in order, each once; made where there are none."""
    wanted = {key(each): each for each in reversed(names)}
    if not wanted:
        return []
    found = yield from rows(KNOWN_TAGS, team_id, array([[each] for each in wanted]))
    known = {each[4]: Tag(*each[:4]) for each in found}
    made = []
    for name_key, name in wanted.items():
        if name_key not in known:
            number = TagId((yield from draw(now)))
            known[name_key] = Tag(number, team_id, name, number)
            made.append((number, team_id, name, name_key, number))
    yield from many(INSERT_TAG, made)
    if made:
        tags = tuple(known[each[3]] for each in made)
        yield from tell(TagsChanged(team_id, tags, now, actor.connection))
    return [known[each] for each in dict.fromkeys(map(key, names))]
