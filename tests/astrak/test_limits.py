"""How often somebody may try."""

import asyncio
from ipaddress import ip_network

from tertulia.dialects.astrak import REGISTRATIONS_AN_HOUR
from tests.astrak.bots import FORM, PASSWORD, town

PROXY = (ip_network("127.0.0.0/8"),)
SOMEBODY = b"username=vesna&password=correct+horse&phone=none"


def test_passwords_cannot_be_guessed() -> None:
    async def story() -> None:
        async with town() as here:
            (anna,) = await here.people("anna")
            for number in range(10):
                answer = await here.ask("/users/login", username="Anna", password=f"wrong {number}")
                assert answer.code == -3
            for name in ("anna", "ANNA"):
                answer = await here.ask("/users/login", username=name, password=PASSWORD)
                assert (answer.status, answer.code) == (429, -16)
                assert 0 < int(answer.headers["retry-after"]) <= 600
                assert answer.headers["access-control-expose-headers"] == "Retry-After"
            assert (await anna.ask("/users/check")).code == 10

    asyncio.run(story())


def test_sign_ins_that_failed_are_counted() -> None:
    async def story() -> None:
        async with town() as here:
            await here.person("anna")
            for name in ("anna", "nobody"):
                answer = await here.ask("/users/login", username=name, password="wrong")
                assert answer.code == -3
            metrics = await here.request("GET", "/metrics")
            assert b"tertulia_logins_failed_total 2.0" in metrics.body.splitlines()

    asyncio.run(story())


def test_an_address_registers_a_hundred_times_an_hour() -> None:
    async def story() -> None:
        async with town(trusted_proxies=PROXY) as here:

            async def register(address: str) -> int:
                answer = await here.request(
                    "POST", "/users/register", SOMEBODY, FORM, X_Forwarded_For=address
                )
                return answer.code

            for _ in range(REGISTRATIONS_AN_HOUR):
                assert await register("203.0.113.5") == -7
            assert await register("203.0.113.5") == -16
            assert await register("203.0.113.6") == -7

    asyncio.run(story())


def test_this_machine_may_register_as_often_as_it_likes() -> None:
    async def story() -> None:
        async with town() as here:
            connection = await here.connect()
            for _ in range(REGISTRATIONS_AN_HOUR + 1):
                connection.send("POST", "/users/register", SOMEBODY, FORM)
                assert (await connection.hear()).code == -7

    asyncio.run(story())


def test_a_phone_gets_five_codes_a_minute() -> None:
    async def story() -> None:
        async with town() as here:
            fields = {"username": "vesna", "password": PASSWORD, "phone": "+79990001122"}
            for _ in range(5):
                assert (await here.ask("/users/register", **fields)).code == 10
            answer = await here.ask("/users/register", **fields)
            assert (answer.status, answer.code) == (429, -16)
            assert int(answer.headers["retry-after"]) > 0

    asyncio.run(story())


def test_callbacks_change_thirty_times_a_minute_refused_ones_included() -> None:
    async def story() -> None:
        async with town(callback_changes=4) as here:
            anna, boris = await here.people("anna", "boris")
            path = "/events/callback/start"
            assert (await anna.ask(path, callback="a")).code == 10
            assert (await anna.ask(path, callback="a")).code == 10
            assert (await anna.ask(path, callback="http://127.0.0.1/")).code == -15
            assert (await anna.ask(path, callback="http://10.0.0.1/")).code == -15
            answer = await anna.ask(path, callback="http://192.168.0.1/")
            assert (answer.status, answer.code) == (429, -16)
            assert (await boris.ask(path, callback="b")).code == 10

    asyncio.run(story())


def test_only_the_newest_hundred_tokens_stay() -> None:
    async def story() -> None:
        async with town() as here:
            (anna,) = await here.people("anna")
            others = [await here.signed_in(anna.id, "anna") for _ in range(99)]
            assert (await anna.ask("/users/check")).code == 10
            await here.signed_in(anna.id, "anna")
            assert (await anna.ask("/users/check")).code == -2
            assert (await others[-1].ask("/users/check")).code == 10

    asyncio.run(story())
