import pytest

from tertulia.core.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from tertulia.core.ids import EPOCH_MS, TeamId, TeamMemberId
from tertulia.core.model import Actor, ChatChange
from tertulia.core.team_model import (
    HOME_TEAM,
    NOTEBOT,
    SYSTEMBOT,
    Invited,
    MemberChange,
    Preferences,
    SectionChange,
    TeamChange,
    TeamStatus,
)
from tests.core.house import LIMIT, House, in_house

PHONE = "+79992331101"


async def club(house: House, owner: Actor, *others: Actor) -> TeamId:
    """A team of these."""
    card, _ = await house.core.teams.create(owner, "club", [])
    for each in others:
        invitation = await house.core.invitations.add(owner, card.team.id)
        await house.core.invitations.join(each, invitation.token)
    return card.team.id


def test_a_team_has_a_name_of_1_to_100_characters_without_blanks_around() -> None:
    async def story(house: House) -> None:
        anna = await house.person("anna")
        card, _ = await house.core.teams.create(anna, f" {'x' * 100} ", [])
        assert card.team.name == "x" * 100
        for name in ("", "  ", "x" * 101):
            with pytest.raises(BadInput):
                await house.core.teams.create(anna, name, [])
            with pytest.raises(BadInput):
                await house.core.teams.change(anna, card.team.id, TeamChange(name=name))

    in_house(story)


def test_everybody_finds_the_servers_bots_in_every_team_and_notes_of_his_own() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        team = await club(house, anna, boris)
        *people, notes, system = await house.core.teams.contacts(boris, team, bots=True)
        assert [each.login for each in people] == ["boris", "anna"]
        assert (notes.bot, system.bot) == (NOTEBOT, SYSTEMBOT)
        mine = (await house.core.teams.need(boris, team)).me
        assert (notes.id, system.id) == (mine.id, TeamMemberId(team))
        assert {notes.account_id, system.account_id} == set(house.core.teams.bots)
        assert len(await house.core.teams.contacts(boris, team)) == 2

    in_house(story)


def test_the_home_team_is_everybodys_and_has_nothing_to_manage() -> None:
    async def story(house: House) -> None:
        teams = house.core.teams
        anna, boris, clara = await house.people("anna", "boris", "clara")
        await house.direct(anna, boris.account_id)
        home, me = await teams.need(anna, HOME_TEAM)
        assert home.is_home
        assert home.created_at == EPOCH_MS
        assert me.status is TeamStatus.GUEST
        his = TeamMemberId(boris.account_id)
        assert (await teams.contact(anna, HOME_TEAM, his)).login == "boris"
        with pytest.raises(NotFound):
            await teams.contact(anna, HOME_TEAM, TeamMemberId(clara.account_id))
        refused = [
            teams.invite(anna, HOME_TEAM, [Invited(PHONE)]),
            teams.change(anna, HOME_TEAM, TeamChange(name="x")),
            teams.archive(anna, HOME_TEAM),
            teams.set_portrait(anna, HOME_TEAM, None),
            teams.usage(anna, HOME_TEAM),
            teams.remove_member(anna, HOME_TEAM, me.id),
            teams.remove_member(anna, HOME_TEAM, his),
            teams.change_member(anna, HOME_TEAM, his, MemberChange(role="x")),
            teams.set_member_portrait(anna, HOME_TEAM, his, None),
            house.core.invitations.add(anna, HOME_TEAM),
            house.core.sections.add(anna, HOME_TEAM, SectionChange("x")),
        ]
        for each in refused:
            with pytest.raises(NotAllowed):
                await each
        with pytest.raises(NotFound):
            await teams.remove_member(anna, HOME_TEAM, TeamMemberId(clara.account_id))
        named = await teams.change_member(anna, HOME_TEAM, me.id, MemberChange(first_name="А"))
        assert named.first_name == "А"
        await teams.confirm(anna, HOME_TEAM)
        await teams.note_active(anna, HOME_TEAM)
        assert (await teams.card(boris, HOME_TEAM)).team.is_home
        assert (await teams.card(clara, HOME_TEAM)).me.login == "clara"

    in_house(story)


def test_a_chat_moves_home_when_two_no_longer_share_a_team() -> None:
    async def story(house: House) -> None:
        teams = house.core.teams
        anna, boris = await house.people("anna", "boris")
        team = await club(house, anna, boris)
        await house.direct(anna, boris.account_id)
        shared = await teams.shared(anna, [boris.account_id])
        assert shared == {boris.account_id: [team]}
        his = (await teams.need(boris, team)).me
        await teams.remove_member(boris, team, his.id)
        assert await teams.shared(anna, [boris.account_id]) == {}
        assert [each.team.id for each in await teams.mine(anna)] == [team, HOME_TEAM]

    in_house(story)


def test_a_group_of_nobody_is_at_home_until_one_leaves_it() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        chat = await house.group(anna, boris)
        assert [each.team.id for each in await house.core.teams.mine(boris)] == [HOME_TEAM]
        change = ChatChange(remove=(boris.account_id,))
        await house.core.chats.change(anna, chat, change, LIMIT)
        assert await house.core.teams.mine(boris) == []

    in_house(story)


def test_invitations_are_listed_for_managers_and_their_token_is_the_proof() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        team = await club(house, anna, boris)
        (paper,) = await house.core.invitations.listed(anna, team)
        assert len(paper.token) == 27
        assert await house.core.invitations.need(anna, team, paper.id) == paper
        await house.core.invitations.check(team, paper.token)
        for wrong_team, token in ((TeamId(1), paper.token), (team, "x")):
            with pytest.raises(NotFound):
                await house.core.invitations.check(wrong_team, token)
        with pytest.raises(NotAllowed):
            await house.core.invitations.listed(boris, team)
        with pytest.raises(NotSignedIn):
            await house.core.invitations.join(boris, "x")

    in_house(story)


def test_sections_have_names_and_strangers_see_none() -> None:
    async def story(house: House) -> None:
        anna, boris = await house.people("anna", "boris")
        team = await club(house, anna)
        section = await house.core.sections.add(anna, team, SectionChange("x" * 200))
        for wrong in (SectionChange(), SectionChange(" "), SectionChange("x" * 201)):
            with pytest.raises(BadInput):
                await house.core.sections.add(anna, team, wrong)
        with pytest.raises(BadInput):
            await house.core.sections.change(anna, team, section.id, SectionChange(""))
        assert await house.core.sections.need(anna, team, section.id) == section
        for refused in (
            house.core.sections.listed(boris, team),
            house.core.sections.tags(boris, team),
            house.core.sections.need(boris, team, section.id),
        ):
            with pytest.raises(NotAllowed):
                await refused

    in_house(story)


def test_more_people_than_one_request_may_name_are_refused() -> None:
    async def story(house: House) -> None:
        anna = await house.person("anna")
        team = await club(house, anna)
        crowd = [Invited(PHONE)] * 10_001
        with pytest.raises(BadInput):
            await house.core.teams.create(anna, "x", crowd)
        with pytest.raises(BadInput):
            await house.core.teams.invite(anna, team, crowd)

    in_house(story)


def test_preferences_begin_as_the_document_shows_them() -> None:
    async def story(house: House) -> None:
        anna = await house.person("anna")
        assert await house.core.teams.preferences(anna) == Preferences(
            group_notifications_enabled=True, task_notifications_enabled=True
        )

    in_house(story)
