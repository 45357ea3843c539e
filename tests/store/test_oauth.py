"""Applications and what they are granted: codes, tokens, families, and what ends them."""

import asyncio
from dataclasses import replace

import pytest

from tertulia.core.applications import Application, Scope
from tertulia.core.errors import NotAllowed, NotFound, NotSignedIn
from tertulia.core.oauth import (
    ACCESS_LIVES_MS,
    BROWSER_LIVES_MS,
    CODE_LIVES_MS,
    REFRESH_LIVES_MS,
    Browser,
    Consent,
    OAuth,
    challenge_of,
)
from tertulia.core.signin_model import Proven
from tertulia.store.oauth import SqlOAuth
from tertulia.store.work import rows
from tests.store.world import InStore, World

BACK = "https://app.example/back"
READ_AND_WRITE = (Scope.MESSAGES_WRITE, Scope.MESSAGES_READ)


class Bench:
    """An application, somebody who is signed in, and a clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.oauth = OAuth(SqlOAuth(world.engine), self)

    def now_ms(self) -> int:
        return self.world.now

    async def application(self) -> Application:
        made, _ = await self.oauth.register("A reader", (BACK,))
        return made

    async def browser(self, login: str = "anna") -> Browser:
        actor = await self.world.person(login)
        (account,) = await self.world.accounts.several([actor.account_id])
        browser, _ = await self.oauth.sign_in(Proven(account, password_hash="hash"))
        assert browser is not None
        return browser

    async def code(self, browser: Browser, application: Application, challenge: str = "") -> str:
        consent = Consent(application.id, BACK, READ_AND_WRITE, challenge)
        return await self.oauth.consent(browser, consent)


def test_a_code_gives_tokens_and_tokens_give_access(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        code = await bench.code(browser, application)
        issued = await bench.oauth.redeem(application, code, BACK, "")
        assert (issued.account_id, issued.scopes) == (browser.account.id, READ_AND_WRITE)
        access = await bench.oauth.access(issued.access)
        assert access.actor.account_id == browser.account.id
        assert (access.client_id, access.scopes) == (application.id, READ_AND_WRITE)
        assert access.expires_at == world.now + ACCESS_LIVES_MS
        world.now += ACCESS_LIVES_MS
        with pytest.raises(NotSignedIn):
            await bench.oauth.access(issued.access)

    in_store(story)


def test_nothing_secret_is_stored(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, secret = await bench.oauth.register("A reader", (BACK,))
        actor = await world.person("anna")
        (account,) = await world.accounts.several([actor.account_id])
        browser, cookie = await bench.oauth.sign_in(Proven(account, password_hash="hash"))
        assert browser is not None
        code = await bench.code(browser, application)
        issued = await bench.oauth.redeem(application, code, BACK, "")
        stored = ""
        for table in ("oauth_clients", "oauth_codes", "oauth_tokens", "sessions", "oauth_sessions"):
            stored += str(await world.engine.read(rows(f"SELECT * FROM {table}")))  # noqa: S608 - our own names
        assert application.id in stored
        for each in (secret, cookie, code, issued.access, issued.refresh):
            assert each not in stored

    in_store(story)


def test_a_code_works_once_and_a_replay_ends_its_family(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        code = await bench.code(browser, application)
        issued = await bench.oauth.redeem(application, code, BACK, "")
        with pytest.raises(NotSignedIn, match="code"):
            await bench.oauth.redeem(application, code, BACK, "")
        with pytest.raises(NotSignedIn):
            await bench.oauth.access(issued.access)
        with pytest.raises(NotSignedIn):
            await bench.oauth.refresh(application, issued.refresh)
        assert "SessionsEnded" in world.kinds()

    in_store(story)


def test_of_two_who_redeem_a_code_at_once_one_gets_tokens(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        code = await bench.code(browser, application)
        tries = [bench.oauth.redeem(application, code, BACK, "") for _ in range(5)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(not isinstance(each, NotSignedIn) for each in outcomes) == 1

    in_store(story)


def test_a_code_is_bound_to_application_address_time_and_verifier(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        other, _ = await bench.oauth.register("Another", (BACK,))
        plain = await bench.code(browser, application)
        bound = await bench.code(browser, application, challenge_of("v" * 43))
        for who, code, back, verifier in (
            (other, plain, BACK, ""),
            (application, plain, BACK + "/", ""),
            (application, plain, BACK, "v" * 43),
            (application, bound, BACK, ""),
            (application, bound, BACK, "w" * 43),
            (application, bound + "x", BACK, "v" * 43),
        ):
            with pytest.raises(NotSignedIn, match="code"):
                await bench.oauth.redeem(who, code, back, verifier)
        # Whoever fails has not used it up.
        await bench.oauth.redeem(application, bound, BACK, "v" * 43)
        world.now += CODE_LIVES_MS
        with pytest.raises(NotSignedIn, match="code"):
            await bench.oauth.redeem(application, plain, BACK, "")

    in_store(story)


def test_refresh_tokens_rotate(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        first = await bench.oauth.redeem(
            application, await bench.code(browser, application), BACK, ""
        )
        second = await bench.oauth.refresh(application, first.refresh)
        # The old access token lives on to its end.
        await bench.oauth.access(first.access)
        await bench.oauth.access(second.access)
        narrow = await bench.oauth.refresh(application, second.refresh, (Scope.MESSAGES_READ,))
        assert narrow.scopes == (Scope.MESSAGES_READ,)
        assert (await bench.oauth.access(narrow.access)).scopes == (Scope.MESSAGES_READ,)
        with pytest.raises(NotAllowed):
            await bench.oauth.refresh(application, narrow.refresh, (Scope.USER_EMAIL,))
        # What was asked for too much is not spent, and the next may have all again.
        assert (await bench.oauth.refresh(application, narrow.refresh)).scopes == READ_AND_WRITE

    in_store(story)


def test_a_spent_refresh_token_ends_its_family_but_no_other(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        first = await bench.oauth.redeem(
            application, await bench.code(browser, application), BACK, ""
        )
        beside = await bench.oauth.redeem(
            application, await bench.code(browser, application), BACK, ""
        )
        second = await bench.oauth.refresh(application, first.refresh)
        with pytest.raises(NotSignedIn):
            await bench.oauth.refresh(application, first.refresh)
        for dead in (first.access, second.access):
            with pytest.raises(NotSignedIn):
                await bench.oauth.access(dead)
        with pytest.raises(NotSignedIn):
            await bench.oauth.refresh(application, second.refresh)
        await bench.oauth.access(beside.access)

    in_store(story)


def test_a_refresh_token_is_bound_to_its_application_and_time(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        other, _ = await bench.oauth.register("Another", (BACK,))
        issued = await bench.oauth.redeem(
            application, await bench.code(browser, application), BACK, ""
        )
        for who, token in ((other, issued.refresh), (application, issued.access)):
            with pytest.raises(NotSignedIn):
                await bench.oauth.refresh(who, token)
        with pytest.raises(NotSignedIn):
            await bench.oauth.access(issued.refresh)
        await bench.oauth.access(issued.access)
        world.now += REFRESH_LIVES_MS
        with pytest.raises(NotSignedIn):
            await bench.oauth.refresh(application, issued.refresh)

    in_store(story)


def test_a_new_password_a_withdrawal_and_the_end_of_anything_end_families(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application = await bench.application()

        async def granted(login: str) -> tuple[Browser, str]:
            browser = await bench.browser(login)
            code = await bench.code(browser, application)
            return browser, (await bench.oauth.redeem(application, code, BACK, "")).access

        anna, of_anna = await granted("anna")
        boris, of_boris = await granted("boris")
        clara, of_clara = await granted("clara")
        await bench.oauth.withdraw(boris.account.id, application.id)
        with pytest.raises(NotSignedIn):
            await bench.oauth.access(of_boris)
        actor = replace(anna, session_id=anna.session_id)
        await world.sessions.end([actor.session_id], anna.account.id)
        # Who signs the browser out has not taken anything back.
        await bench.oauth.access(of_anna)
        assert await bench.oauth.allowances(boris.account.id) == []
        assert [each.application.id for each in await bench.oauth.allowances(anna.account.id)] == [
            application.id
        ]
        await bench.oauth.remove(application.id)
        for dead in (of_anna, of_clara):
            with pytest.raises(NotSignedIn):
                await bench.oauth.access(dead)
        with pytest.raises(NotFound):
            await bench.oauth.remove(application.id)
        with pytest.raises(NotFound):
            await bench.code(clara, application)

    in_store(story)


def test_the_proof_must_still_hold_when_a_family_opens(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        with pytest.raises(NotSignedIn):
            await bench.oauth.sign_in(Proven(browser.account, password_hash="an older one"))
        await bench.oauth.sign_out(browser)
        with pytest.raises(NotSignedIn):
            await bench.code(browser, application)

    in_store(story)


def test_what_nobody_can_use_is_thrown_away(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        used = await bench.oauth.redeem(
            application, await bench.code(browser, application), BACK, ""
        )
        await bench.code(browser, application)
        count = "SELECT COUNT(*) FROM sessions"
        await bench.oauth.tidy()
        assert (await world.engine.read(rows(count)))[0][0] == 3
        world.now += CODE_LIVES_MS
        await bench.oauth.tidy()
        assert (await world.engine.read(rows(count)))[0][0] == 2
        await bench.oauth.refresh(application, used.refresh)
        world.now += max(REFRESH_LIVES_MS, BROWSER_LIVES_MS)
        await bench.oauth.tidy()
        assert (await world.engine.read(rows(count)))[0][0] == 0

    in_store(story)


def test_what_no_store_could_hold_is_no_application(in_store: InStore) -> None:
    async def story(world: World) -> None:
        bench = Bench(world)
        application, browser = await bench.application(), await bench.browser()
        for client_id in ("", "\0", f"{application.id}\0", "\ud800", "ящик"):
            assert await bench.oauth.find(client_id) is None
            with pytest.raises(NotSignedIn):
                await bench.oauth.authenticate(client_id, "secret")
            await bench.oauth.withdraw(browser.account.id, client_id)
        assert await bench.oauth.find(application.id) == application

    in_store(story)
