"""Pages of a server where nobody may sign up."""

import asyncio

import pytest

from tertulia.core.admission import Registration
from tests.house import running_house
from tests.unet.browser import Browser, forms

PHONE, CODE = "+79166660002", "5555"
WORDS = "This number has no account here, and you cannot sign up on this page."


@pytest.mark.parametrize("registration", [Registration.CLOSED, Registration.INVITE])
def test_a_phone_without_an_account_is_told_so(registration: Registration) -> None:
    def visit(base_url: str) -> None:
        browser = Browser(base_url)
        path = "/auth/applications"
        page = browser.ask("GET", path)
        page = browser.ask("POST", path, {**forms(page)[-1].hidden, "phone": PHONE})
        assert page.status == 200
        fields = {**forms(page)[0].hidden, "code": CODE}
        page = browser.ask("POST", path, fields)
        browser.http.close()
        assert page.status == 403
        assert WORDS in page.text

    async def story() -> None:
        numbers = ((PHONE, CODE),)
        async with running_house(sms_test_numbers=numbers, registration=registration) as (
            server,
            base_url,
        ):
            await asyncio.to_thread(visit, base_url)
            assert not await server.core.accounts.has_people()

    asyncio.run(story())
