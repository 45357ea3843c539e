"""The cast and the stage of Unet's pages: an application, and people who have let it in."""

from tertulia.core.applications import Scope
from tertulia.core.ids import ChatId, SessionId
from tertulia.core.message_model import Draft
from tertulia.core.model import Actor, NewAccount, NewGroup
from tertulia.core.oauth import Consent
from tests.house import RUNNING
from tests.wire.pages import Group, Page, Pair, Prop, Role, Said
from tests.wire.shapes import Names, PageError

BACK = "https://reader.example/back"
MOST_MEMBERS = 50


class UnetStage:
    """Makes people, tokens and chats in the server itself: pages show how browsers do it."""

    def __init__(self, page: Page, host: str, names: Names) -> None:
        self._page = page
        self._base_url = f"http://{host}"
        self._core = RUNNING[self._base_url].core
        self._names = names
        self._actors: dict[str, Actor] = {}

    async def prepare(self) -> None:
        """`client` and `secret` are an application's, `anna` a number, `anna.token` for every scope."""
        application, secret = await self._core.oauth.register("Reader", (BACK,))
        self._names.values.update(
            {"client": application.id, "secret": secret, "base_url": self._base_url, "nobody": 5}
        )
        for role in self._page.cast:
            if not role.guest:
                await self._sign_up(role)
        for prop in self._page.stage:
            await self._place(prop)
        for role in self._page.cast:
            for who in () if role.guest else role.sockets:
                self._names.learn(f"{who}.token", await self._granted(role.person))

    async def _sign_up(self, role: Role) -> None:
        new = NewAccount(role.person, f"{role.person}-secret")
        account = await self._core.accounts.register(new)
        self._names.learn(role.person, account.id)
        self._actors[role.person] = Actor(account.id, SessionId(0))

    async def _granted(self, person: str) -> str:
        oauth = self._core.oauth
        application = await oauth.find(str(self._names.value("client")))
        assert application is not None, "it was made first of all"
        proven = await self._core.signin.by_name(person, f"{person}-secret")
        browser, _ = await oauth.sign_in(proven)
        assert browser is not None, "he has just signed in"
        code = await oauth.consent(browser, Consent(application.id, BACK, tuple(Scope)))
        return (await oauth.redeem(application, code, BACK, "")).access

    async def _place(self, prop: Prop) -> None:
        match prop:
            case Group(name=name, people=people):
                owner, *others = (self._actors[person] for person in people)
                new = NewGroup(name, tuple(each.account_id for each in others))
                made = await self._core.chats.open_group(owner, new, MOST_MEMBERS)
                self._names.learn(name, made.id)
            case Pair(name=name, people=(one, other)):
                await self._core.chats.open_direct(
                    self._actors[one], self._actors[other].account_id, NewGroup("", ())
                )
                self._names.learn(name, self._actors[other].account_id)
            case Said(name=name, text=text, person=person, chat=chat):
                await self._say(name, text, person, chat)
            case _:
                raise PageError(f"the stage of a Unet page cannot hold {prop}")

    async def _say(self, name: str, text: str, person: str, chat: str) -> None:
        actor = self._actors[person]
        number = self._names.value(chat)
        assert isinstance(number, int), "chats are numbers here"
        if number == actor.account_id:
            # The stage calls a direct chat by its second person.
            first = next(
                prop.people[0]
                for prop in self._page.stage
                if isinstance(prop, Pair) and prop.name == chat
            )
            number = self._actors[first].account_id
        to = await self._core.letters.destination(actor, number)
        sent = await self._core.letters.send(actor, to, Draft(ChatId(0), text))
        self._names.learn(name, sent.id)
