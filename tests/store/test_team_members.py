import pytest

from tertulia.core.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from tertulia.core.events import TeamChanged, TeamMembersChanged, TeamRemoved
from tertulia.core.ids import (
    InvitationId,
    SectionId,
    SessionId,
    TeamId,
    TeamMemberId,
    in_base_36,
)
from tertulia.core.model import Actor, NewAccount, ProfileChange
from tertulia.core.team_model import (
    HOME_TEAM,
    Invited,
    MemberChange,
    Membership,
    Preferences,
    SectionChange,
    TeamStatus,
)
from tertulia.store.awaited import accounts_of_phones
from tests.store.team_world import MOST, PHONES, TeamWorld
from tests.store.world import InStore, World

OWNER, ADMIN, MEMBER, GUEST = TeamStatus


def test_an_invited_number_gets_an_account_that_waits_for_whoever_proves_it(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna)
        (entry,) = await club.members.invite(
            anna, team, [Invited(PHONES[0], "Борис", "П")], world.now
        )
        assert (entry.first_name, entry.last_name, entry.phone) == ("Борис", "П", PHONES[0])
        (waiting,) = await world.accounts.several([entry.account_id])
        assert (waiting.phone, waiting.phone_proven) == ("", False)
        assert await world.accounts.password_of(waiting.id) is None
        boris = await world.accounts.open_by_phone(PHONES[0], world.now)
        assert boris.id == entry.account_id
        assert boris.phone_proven
        (card,) = await club.teams.cards(boris.id)
        assert (card.team.id, card.me.needs_confirmation) == (team, True)

    in_store(story)


def test_only_a_proven_number_is_an_accounts_and_a_claim_is_nobodys(in_store: InStore) -> None:
    async def story(world: World) -> None:
        proven = await world.accounts.open_by_phone(PHONES[0], world.now)
        claims = NewAccount("boris", "secret", phone=PHONES[1])
        claimed = await world.accounts.add(claims, "hash", world.now)
        names = {PHONES[0]: ("x", ""), PHONES[1]: ("y", "")}
        found = await world.engine.write(accounts_of_phones(names, world.now))
        assert found[PHONES[0]] == proven.id
        assert found[PHONES[1]] != claimed.id
        assert await world.engine.write(accounts_of_phones(names, world.now)) == found

    in_store(story)


def test_the_first_invitation_with_a_name_names_who_is_waited_for(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        ids = []
        for name in ("", "Вася", "Петя"):
            team = await club.found(anna)
            invited = Invited(PHONES[0], first_name=name)
            (entry,) = await club.members.invite(anna, team, [invited], world.now)
            ids.append(entry.account_id)
        assert len(set(ids)) == 1
        (account,) = await world.accounts.several(ids[:1])
        assert account.first_name == "Вася"
        found = await world.accounts.search("вася", 5, changed_after=None, leave_out=[])
        assert [each.id for each in found] == ids[:1]

    in_store(story)


def test_who_is_in_the_team_already_is_not_named_by_an_invitation(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna, Invited(PHONES[0]))
        invited = Invited(PHONES[0], first_name="Маша")
        (entry,) = await club.members.invite(anna, team, [invited], world.now)
        assert entry.first_name == ""

    in_store(story)


def test_who_has_signed_in_without_a_name_gets_that_of_his_invitation(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        proven = await world.accounts.open_by_phone(PHONES[0], world.now)
        for name in ("Вася", "Петя"):
            team = await club.found(anna, Invited(PHONES[0], first_name=name))
            newest = (await club.teams.members(team))[0]
            assert (newest.account_id, newest.first_name) == (proven.id, "Вася")

    in_store(story)


def test_a_login_that_somebody_has_chosen_is_not_made_again(in_store: InStore) -> None:
    async def story(world: World) -> None:
        first = await world.engine.write(accounts_of_phones({PHONES[0]: ("", "")}, world.now))
        (account,) = await world.accounts.several([first[PHONES[0]]])
        # The very names of the numbers that come next are taken.
        ahead = 10
        for step in range(1, ahead + 1):
            login = f"U{in_base_36(account.id + ahead + step)}"
            await world.accounts.add(NewAccount(login, "x"), "hash", world.now)
        names = {PHONES[1]: ("", ""), PHONES[2]: ("", "")}
        made = await world.engine.write(accounts_of_phones(names, world.now))
        assert min(made.values()) > account.id + 2 * ahead
        assert len(set(made.values())) == 2

    in_store(story)


def test_who_is_in_stays_as_he_is_and_who_was_comes_back_as_the_same(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna = await world.person("anna")
        team = await club.found(anna, Invited(PHONES[0], role="coach", status=ADMIN))
        before = (await club.teams.members(team))[0]
        world.heard.clear()
        again = [Invited(PHONES[0], status=GUEST), Invited(PHONES[1]), Invited(PHONES[0])]
        first, new, same = await club.members.invite(anna, team, again, world.now)
        assert first == same == before
        assert club.told_members() == [[new.account_id]]
        await club.members.remove(anna, team, before.id, world.now)
        assert (await club.teams.contact(await _mine(club, anna, team), before.id)).is_archived
        (back,) = await club.members.invite(anna, team, [Invited(PHONES[0])], world.now)
        assert (back.id, back.account_id, back.status) == (before.id, before.account_id, MEMBER)
        assert back.role == "coach"
        assert not back.is_archived
        assert back.version > before.version
        assert await club.groups_of(back.account_id) == ["Общий чат"]

    in_store(story)


async def _mine(club: TeamWorld, actor: Actor, team: TeamId) -> Membership:
    return await club.teams.membership(actor.account_id, team)


def test_only_managers_invite_and_give_no_more_than_they_have(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        team = await club.found(anna)
        await club.joins(anna, team, boris, clara)
        await club.ranks(anna, team, boris, ADMIN)
        with pytest.raises(NotAllowed):
            await club.members.invite(clara, team, [Invited(PHONES[0])], world.now)
        several = [Invited(PHONES[0]), Invited(PHONES[1], status=OWNER)]
        with pytest.raises(NotAllowed):
            await club.members.invite(boris, team, several, world.now)
        wrong = [Invited(PHONES[0], sections=(SectionId(1),))]
        with pytest.raises(BadInput):
            await club.members.invite(boris, team, wrong, world.now)
        with pytest.raises(NotAllowed):
            await club.members.invite(boris, HOME_TEAM, [Invited(PHONES[0])], world.now)
        assert len(await club.teams.members(team)) == 3
        await club.members.invite(anna, team, [Invited(PHONES[1], status=OWNER)], world.now)

    in_store(story)


def test_a_team_is_never_without_an_owner(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        mine = await club.member(team, anna)
        with pytest.raises(BadInput):
            await club.members.remove(anna, team, mine.id, world.now)
        with pytest.raises(BadInput):
            await club.members.change(anna, team, mine.id, MemberChange(status=GUEST), world.now)
        await club.ranks(anna, team, boris, OWNER)
        await club.members.change(anna, team, mine.id, MemberChange(status=GUEST), world.now)
        his = await club.member(team, boris)
        with pytest.raises(BadInput):
            await club.members.remove(boris, team, his.id, world.now)

    in_store(story)


def test_whoever_is_removed_hears_that_it_is_over_and_the_team_that_he_is_gone(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        team = await club.found(anna)
        await club.joins(anna, team, boris, clara)
        his = await club.member(team, boris)
        with pytest.raises(NotAllowed):
            await club.members.remove(clara, team, his.id, world.now)
        world.heard.clear()
        gone = await club.members.remove(anna, team, his.id, world.now)
        assert gone.is_archived
        (over,) = world.told(TeamRemoved)
        assert over.accounts == (boris.account_id,)
        assert club.told_members() == [[boris.account_id]]
        world.heard.clear()
        assert (await club.members.remove(anna, team, his.id, world.now)).is_archived
        assert world.heard == []
        with pytest.raises(NotAllowed):
            await club.teams.membership(boris.account_id, team)

    in_store(story)


def test_an_entry_of_another_team_is_none_here(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        ours, theirs = await club.found(anna), await club.found(boris)
        his = await club.member(theirs, boris)
        for each in (his.id, TeamMemberId(1)):
            with pytest.raises(NotFound):
                await club.members.change(anna, ours, each, MemberChange(role="x"), world.now)
            with pytest.raises(NotFound):
                await club.members.remove(anna, ours, each, world.now)
            with pytest.raises(NotFound):
                await club.members.set_portrait(anna, ours, each, None, world.now)

    in_store(story)


def test_a_change_is_told_and_what_stays_is_not(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        await club.members.change(
            boris, team, (await club.member(team, boris)).id, MemberChange(role="x"), world.now
        )
        his = await club.member(team, boris)
        section = await club.sections.add(anna, team, SectionChange("s"), world.now)
        change = MemberChange(
            ADMIN, "coach", "b@b.example", PHONES[0], (section.id,), his.first_name
        )
        world.heard.clear()
        new = await club.members.change(anna, team, his.id, change, world.now)
        assert new == his._replace(
            version=new.version,
            status=ADMIN,
            role="coach",
            email="b@b.example",
            phone=PHONES[0],
            sections=(section.id,),
        )
        assert new.version > his.version
        assert club.told_members() == [[boris.account_id]]
        assert club.told_teams() == [[boris.account_id]]
        world.heard.clear()
        await club.members.change(anna, team, his.id, change, world.now)
        assert world.heard == []
        lost = MemberChange(sections=(SectionId(1),))
        with pytest.raises(BadInput):
            await club.members.change(anna, team, his.id, lost, world.now)

    in_store(story)


def test_ones_own_names_are_the_accounts_and_told_once(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        his = await club.member(team, boris)
        world.heard.clear()
        change = MemberChange(role="coach", first_name="Борис")
        new = await club.members.change(boris, team, his.id, change, world.now)
        assert (new.first_name, new.role) == ("Борис", "coach")
        assert club.told_members() == [[boris.account_id]]
        with pytest.raises(NotAllowed):
            await club.members.change(anna, team, his.id, MemberChange(last_name="x"), world.now)
        at_home = MemberChange(last_name="П")
        me = TeamMemberId(boris.account_id)
        assert (
            await club.members.change(boris, HOME_TEAM, me, at_home, world.now)
        ).last_name == "П"
        with pytest.raises(NotAllowed):
            await club.members.change(boris, HOME_TEAM, me, MemberChange(role="x"), world.now)

    in_store(story)


def test_a_token_opens_one_team_for_many_until_it_is_removed(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris, clara = await world.people("anna", "boris", "clara")
        team, other = await club.found(anna), await club.found(boris)
        paper = await club.invitations.add(anna, team, "t", world.now)
        world.heard.clear()
        assert await club.invitations.join(boris, "t", MOST, world.now) == team
        assert club.told_teams() == club.told_members() == [[boris.account_id]]
        world.heard.clear()
        assert await club.invitations.join(boris, "t", MOST, world.now) == team
        assert world.heard == []
        for team_id, number in ((other, paper.id), (team, InvitationId(1))):
            owner = boris if team_id == other else anna
            with pytest.raises(NotFound):
                await club.invitations.remove(owner, team_id, number)
        for stranger in (boris, clara):
            with pytest.raises(NotAllowed):
                await club.invitations.remove(stranger, team, paper.id)
            with pytest.raises(NotAllowed):
                await club.invitations.add(stranger, team, "x", world.now)
        await club.invitations.remove(anna, team, paper.id)
        with pytest.raises(NotSignedIn):
            await club.invitations.join(clara, "t", MOST, world.now)

    in_store(story)


def test_preferences_are_the_same_in_every_team_and_told_to_oneself(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        assert await club.members.preferences(boris.account_id) == Preferences()
        wanted = Preferences(alt_send=True, default_lang="ru", mood="ski")
        world.heard.clear()
        await club.members.prefer(boris, wanted, world.now)
        assert await club.members.preferences(boris.account_id) == wanted
        (event,) = world.told(TeamChanged)
        assert [each.account_id for each in event.members] == [boris.account_id]
        assert event.preferences == {boris.account_id: wanted}

    in_store(story)


def test_activity_and_confirmation_are_kept(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        first, second = await club.found(anna), await club.found(anna)
        await club.joins(anna, first, boris)
        await club.members.note_active(anna.account_id, second, world.now)
        await club.members.note_active(anna.account_id, first, world.now + 5_000)
        cards = await club.teams.cards(anna.account_id)
        assert [each.is_last_active for each in cards] == [True, False]
        assert cards[1].me.active_at == world.now
        await club.members.confirm(boris, first, world.now)
        assert not (await club.member(first, boris)).needs_confirmation
        world.heard.clear()
        await club.members.confirm(boris, first, world.now)
        assert world.heard == []

    in_store(story)


def test_a_team_that_is_not_too_large_hears_of_who_is_active(in_store: InStore) -> None:
    async def story(world: World) -> None:
        club = TeamWorld(world)
        anna, boris = await world.people("anna", "boris")
        team = await club.found(anna)
        await club.joins(anna, team, boris)
        before = (await club.member(team, boris)).version
        world.heard.clear()
        await club.members.tell_active(boris, team, 2, world.now)
        (event,) = world.told(TeamMembersChanged)
        (told,) = event.members
        assert (told.account_id, told.active_at) == (boris.account_id, world.now)
        assert told.version > before
        world.heard.clear()
        await club.members.tell_active(boris, team, 1, world.now + 1)
        assert world.heard == []
        assert (await club.member(team, boris)).active_at == world.now + 1

    in_store(story)


def test_the_picture_of_nobody_is_told_to_no_team(in_store: InStore) -> None:
    async def story(world: World) -> None:
        loner = Actor((await world.person("anna")).account_id, SessionId(1))
        world.heard.clear()
        await world.accounts.change(loner, ProfileChange(first_name="x"), None, world.now)
        assert world.heard == []

    in_store(story)


def test_a_proven_number_is_moved_to_but_not_another_accounts(in_store: InStore) -> None:
    async def story(world: World) -> None:
        old = await world.accounts.open_by_phone(PHONES[0], world.now)
        anna = Actor(old.id, SessionId(1))
        claims = NewAccount("boris", "secret", phone=PHONES[1])
        claimed = await world.accounts.add(claims, "hash", world.now)
        await world.accounts.take_phone(anna, PHONES[1], world.now)
        assert (await world.accounts.open_by_phone(PHONES[1], world.now)).id == old.id
        (loser,) = await world.accounts.several([claimed.id])
        assert loser.phone == ""
        other = await world.accounts.open_by_phone(PHONES[0], world.now)
        assert other.id != old.id
        with pytest.raises(Conflict):
            await world.accounts.take_phone(anna, PHONES[0], world.now)
        await world.engine.write(accounts_of_phones({PHONES[2]: ("", "")}, world.now))
        with pytest.raises(Conflict):
            await world.accounts.take_phone(anna, PHONES[2], world.now)

    in_store(story)
