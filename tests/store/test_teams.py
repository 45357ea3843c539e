import pytest

from tertulia.core.errors import NotAllowed, NotFound, TooMuch
from tertulia.core.events import TeamRemoved
from tertulia.core.ids import EPOCH_MS, FileId, TeamId, TeamMemberId
from tertulia.core.model import Actor, NewFile, Picture, ProfileChange
from tertulia.core.team_model import HOME_TEAM, Invited, TeamChange, TeamStatus
from tertulia.store.files import SqlFiles
from tertulia.store.team_usage import claim_upload, month_of, release_uploads
from tests.store.team_world import MOST, PHONES, TeamWorld
from tests.store.world import START, InStore, World

OWNER, ADMIN, MEMBER, GUEST = TeamStatus


def test_a_team_begins_with_its_owner_and_whom_he_invites_the_newest_first(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        invited = (
            Invited(PHONES[0], "Борис", role="coach", status=ADMIN),
            Invited(PHONES[1]),
            Invited(PHONES[0], "another"),
        )
        card, members = await club.teams.create(anna, "club", invited, MOST, world.now)
        assert [each.phone for each in members] == [PHONES[1], PHONES[0], ""]
        assert members[-1] == card.me
        assert card.me.status is OWNER
        boris = members[1]
        assert (boris.first_name, boris.role, boris.status) == ("Борис", "coach", ADMIN)
        assert [each.needs_confirmation for each in members] == [True, True, False]
        assert await club.teams.members(card.team.id) == members
        everybody = [each.account_id for each in members]
        assert club.told_members() == club.told_teams() == [everybody]

    in_store(story)


def test_everybody_is_in_the_common_group_and_later_ones_too(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna, Invited(PHONES[0]))
        await club.joins(anna, team, boris)
        for each in await club.teams.members(team):
            assert await club.groups_of(each.account_id) == ["Общий чат"]
        entry = await club.member(team, boris)
        await club.members.remove(boris, team, entry.id, world.now)
        assert await club.groups_of(boris.account_id) == []

    in_store(story)


def test_a_list_has_living_teams_oldest_first_each_with_ones_own_entry(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        first = await club.found(anna, name="first")
        second = await club.found(boris, name="second")
        await club.joins(boris, second, anna)
        third = await club.found(anna, name="third")
        await club.teams.archive(anna, third, world.now)
        cards = await club.teams.cards(anna.account_id)
        assert [each.team.id for each in cards] == [first, second]
        assert [each.me.status for each in cards] == [OWNER, MEMBER]
        assert [each.me.needs_confirmation for each in cards] == [False, True]
        assert all(each.me.account_id == anna.account_id for each in cards)

    in_store(story)


def test_nobody_is_in_more_teams_than_the_limit(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        mine = [await club.found(anna) for _ in range(MOST)]
        with pytest.raises(TooMuch):
            await club.found(anna)
        with pytest.raises(TooMuch):
            await club.joins(boris, await club.found(boris), anna)
        await club.teams.archive(anna, mine[0], world.now)
        await club.found(anna)

    in_store(story)


def test_strangers_are_refused_and_what_is_not_there_is_not_found(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        team = await club.found(anna)
        await club.joins(anna, team, clara)
        with pytest.raises(NotAllowed):
            await club.teams.membership(boris.account_id, team)
        with pytest.raises(NotFound):
            await club.teams.membership(boris.account_id, TeamId(1))
        for refused in (boris, clara):
            with pytest.raises(NotAllowed):
                await club.teams.change(refused, team, TeamChange(name="x"), world.now)
            with pytest.raises(NotAllowed):
                await club.teams.archive(refused, team, world.now)
            with pytest.raises(NotAllowed):
                await club.teams.usage(refused, team, 24, world.now)
            with pytest.raises(NotAllowed):
                await club.teams.set_portrait(refused, team, None, world.now)
        assert (await club.teams.cards(anna.account_id))[0].team.name == "club"

    in_store(story)


def test_a_change_draws_a_new_version_and_no_change_none(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna)
        before = (await club.teams.membership(anna.account_id, team)).team
        change = TeamChange(name="new", edit_window_s=60, task_deadline="17:00:00")
        await club.teams.change(anna, team, change, world.now)
        after = (await club.teams.membership(anna.account_id, team)).team
        assert after.version > before.version
        assert after == before._replace(
            version=after.version, name="new", edit_window_s=60, task_deadline="17:00:00"
        )
        world.heard.clear()
        await club.teams.change(anna, team, change, world.now)
        assert world.heard == []

    in_store(story)


def test_an_archived_team_is_over_for_everybody_and_its_invitations_lead_nowhere(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        (token,) = [each.token for each in await club.invitations.listed(anna, team)]
        card = await club.teams.archive(anna, team, world.now)
        assert card.team.is_archived
        assert await club.teams.cards(boris.account_id) == []
        assert await club.invitations.leads_to(token) is None
        assert await club.groups_of(boris.account_id) == []
        (removed,) = world.told(TeamRemoved)
        assert set(removed.accounts) == {anna.account_id, boris.account_id}
        with pytest.raises(NotFound):
            await club.teams.archive(anna, team, world.now)

    in_store(story)


def test_a_picture_of_the_team_is_a_file_with_sides(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna)
        file_id = await _picture(world, anna)
        await club.teams.set_portrait(anna, team, file_id, world.now)
        shown = (await club.teams.membership(anna.account_id, team)).team.portrait
        assert shown == (file_id, 30, 20)
        await club.teams.set_portrait(anna, team, None, world.now)
        assert (await club.teams.membership(anna.account_id, team)).team.portrait is None

    in_store(story)


async def _picture(world: World, maker: Actor) -> FileId:
    files = SqlFiles(world.engine)
    new = NewFile("p.jpg", "image/jpeg", 10)
    (file,) = await files.add(maker.account_id, [new], world.now)
    await files.note_uploaded(file.id, (30, 20), world.now)
    return file.id


def test_ones_own_picture_is_seen_everywhere_and_the_teams_picture_of_one_only_there(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        ours, theirs = await club.found(anna), await club.found(anna)
        for team in (ours, theirs):
            await club.joins(anna, team, boris)
        own, given = await _picture(world, boris), await _picture(world, anna)
        entry = await club.member(ours, boris)
        shown = await club.members.set_portrait(boris, ours, entry.id, own, world.now)
        assert shown.portrait == (own, 30, 20)
        shown = await club.members.set_portrait(anna, ours, entry.id, given, world.now)
        assert shown.portrait == (given, 30, 20)
        assert (await club.member(theirs, boris)).portrait == (own, 30, 20)
        (account,) = await world.accounts.several([boris.account_id])
        assert account.picture == Picture("", file_id=own)
        # He takes both away with his own.
        shown = await club.members.set_portrait(boris, ours, entry.id, None, world.now)
        assert shown.portrait is None
        assert (await club.member(theirs, boris)).portrait is None
        mine = await club.member(ours, anna)
        with pytest.raises(NotAllowed):
            await club.members.set_portrait(boris, ours, mine.id, own, world.now)

    in_store(story)


def test_uploads_are_summed_by_month_up_to_the_limit(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna)
        old = START - 40 * 86_400_000
        await world.engine.write(claim_upload(team, FileId(1), 100, old))
        await world.engine.write(claim_upload(team, FileId(2), 20, START))
        await world.engine.write(claim_upload(team, FileId(2), 20, START))
        usage = await club.teams.usage(anna, team, 24, START)
        assert usage.total == 120
        assert len(usage.by_month) == 24
        assert usage.by_month[-1][2] == 20
        assert sum(size for _, _, size in usage.by_month) == 120
        (card,) = await club.teams.cards(anna.account_id)
        assert card.uploads_bytes == 120
        with pytest.raises(TooMuch):
            await world.engine.write(claim_upload(team, FileId(3), 1 << 30, START))
        await world.engine.write(release_uploads([FileId(1), FileId(9)]))
        await world.engine.write(release_uploads([FileId(1)]))
        assert (await club.teams.usage(anna, team, 24, START)).total == 20
        await world.engine.write(claim_upload(HOME_TEAM, FileId(4), 1 << 40, START))

    in_store(story)


def test_months_are_those_of_utc() -> None:
    assert month_of(EPOCH_MS) == 2024 * 12
    assert month_of(EPOCH_MS - 1) == 2024 * 12 - 1


def test_the_home_team_shows_what_belongs_to_no_team(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris, clara, dora = await world.people("anna", "boris", "clara", "dora")
        assert await club.teams.cards(anna.account_id) == []
        await world.direct(anna, boris)
        (home,) = await club.teams.cards(anna.account_id)
        assert home.team.id == HOME_TEAM
        assert (home.me.id, home.me.status) == (TeamMemberId(anna.account_id), GUEST)
        met = await club.teams.home_members(anna.account_id)
        assert [each.account_id for each in met] == [boris.account_id, anna.account_id]
        # Now they share a team, and their chat is shown there.
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        assert [each.team.id for each in await club.teams.cards(anna.account_id)] == [team]
        assert await club.teams.shared(anna.account_id, [boris.account_id, clara.account_id]) == {
            boris.account_id: [team]
        }
        await world.group(clara, anna, dora)
        cards = await club.teams.cards(anna.account_id)
        assert [each.team.id for each in cards] == [team, HOME_TEAM]
        met = await club.teams.home_members(anna.account_id)
        assert {each.login for each in met} == {"anna", "clara", "dora"}

    in_store(story)


def test_a_new_name_is_told_in_every_team(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        teams = [await club.found(anna), await club.found(anna)]
        for team in teams:
            await club.joins(anna, team, boris)
        before = await club.member(teams[0], boris)
        world.heard.clear()
        change = ProfileChange(first_name="Боря")
        await world.accounts.change(boris, change, None, world.now)
        assert club.told_members() == [[boris.account_id]] * 2
        after = await club.member(teams[0], boris)
        assert after.first_name == "Боря"
        assert after.version > before.version
        world.heard.clear()
        await world.accounts.change(boris, ProfileChange(email="b@b.example"), None, world.now)
        assert world.heard == []

    in_store(story)


def test_who_is_gone_for_good_leaves_an_entry_without_words_and_the_team_an_heir(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        team, lonely = await club.found(anna), await club.found(anna)
        await club.joins(anna, team, boris, clara)
        await club.ranks(anna, team, clara, ADMIN)
        world.heard.clear()
        await world.accounts.remove(anna, world.now)
        gone = (await club.teams.of_accounts(team, [anna.account_id]))[anna.account_id]
        assert gone.is_archived
        assert (gone.first_name, gone.phone, gone.email, gone.role) == ("", "", "", "")
        assert (await club.member(team, clara)).status is OWNER
        assert (await club.member(team, boris)).status is MEMBER
        with pytest.raises(NotFound):
            await club.teams.membership(clara.account_id, lonely)

    in_store(story)
