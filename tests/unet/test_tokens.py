"""`/token` and `/token_props`: codes, pairs of tokens, and how applications prove who they are."""

import base64
import re

from tests.core.house import StillClock
from tests.unet.town import BACK, Town, pkce
from tests.world.wires import Answer

CODE = {"error": "invalid_grant", "error_description": "Invalid authorization code."}
REFRESH = {"error": "invalid_grant", "error_description": "Invalid refresh token."}
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
ALL = "messages_read messages_write user_details user_email user_birthday user_contacts"


def refused(answer: Answer, status: int, error: str) -> None:
    assert (answer.status, answer.json["error"]) == (status, error), answer.text
    assert set(answer.json) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


def works(town: Town, token: str) -> bool:
    return town.api(token, "messages/chats/").status == 200


def test_a_code_gives_a_pair_of_tokens(town: Town) -> None:
    answer = town.token(code=town.visit().agrees())
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    told = answer.json
    assert list(told) == [
        "access_token", "expires_in", "refresh_token", "resource_uri", "scope", "token_type",
        "user_id",
    ]  # fmt: skip
    assert TOKEN.fullmatch(told["access_token"])
    assert TOKEN.fullmatch(told["refresh_token"])
    assert told["expires_in"] == "43200"
    assert told["resource_uri"] == f"{town.base_url}/unet/api/"
    assert told["scope"] == ALL
    assert told["user_id"] == str(town.ids["anna"])
    assert works(town, told["access_token"])


def test_a_get_does_too(town: Town) -> None:
    code = town.visit(scope="user_details messages_read user_details").agrees()
    query = (
        f"grant_type=authorization_code&code={code}&client_id={town.reader.id}"
        f"&client_secret={town.reader.secret}&redirect_uri={BACK.replace('?', '%3F')}"
    )
    told = town.http.ask("GET", f"/token?{query}").json
    assert told["scope"] == "user_details messages_read"
    assert works(town, told["access_token"])


def test_so_does_http_basic(town: Town) -> None:
    def by_header(credentials: str, **fields: str) -> Answer:
        basic = base64.b64encode(credentials.encode()).decode()
        form = {
            "grant_type": "authorization_code", "redirect_uri": BACK,
            "code": town.visit().agrees(), **fields,
        }  # fmt: skip
        return town.http.form("POST", "/token", form, authorization=f"bAsIc {basic}")

    both = f"{town.reader.id}:{town.reader.secret}"
    assert by_header(both).status == 200
    assert by_header(both, client_id=town.reader.id).status == 200
    refused(by_header(both, client_secret=town.reader.secret), 400, "invalid_request")
    refused(by_header(both, client_id=town.other.id), 400, "invalid_request")
    for wrong in (f"{town.reader.id}:x", both + "x", "", ":", "nobody:x"):
        answer = by_header(wrong)
        refused(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"] == 'Basic realm="tertulia"'
    for header in ("Basic", "Basic !!!", "Bearer x", "Basic /w=="):
        form = {"grant_type": "refresh_token", "refresh_token": "x"}
        answer = town.http.form("POST", "/token", form, authorization=header)
        refused(answer, 401, "invalid_client")


def test_an_old_access_token_in_the_header_is_no_way_of_client_authentication(town: Town) -> None:
    told = town.granted()
    form = {
        "grant_type": "refresh_token", "refresh_token": told["refresh_token"],
        "client_id": town.reader.id, "client_secret": town.reader.secret,
    }  # fmt: skip
    bearer = f"Bearer {told['access_token']}"
    wrong = {**form, "client_secret": "x"}
    refused(town.http.form("POST", "/token", wrong, authorization=bearer), 401, "invalid_client")
    renewed = town.http.form("POST", "/token", form, authorization=bearer)
    assert renewed.status == 200, renewed.text


def test_the_checks_come_in_order_and_a_stranger_spends_nothing(town: Town) -> None:
    code = town.visit().agrees()
    refused(town.token(grant_type="-", client_secret="x"), 400, "invalid_request")
    refused(town.token(grant_type="password", client_secret="x"), 400, "unsupported_grant_type")
    for fields in (
        {"client_secret": "x"},
        {"client_id": "x"},
        {"client_secret": "-"},
        {"client_id": "-"},
    ):
        answer = town.token(code=code, **fields)
        refused(answer, 401, "invalid_client")
        assert answer.json["error_description"] == "Client authentication failed."
        assert "www-authenticate" not in answer.headers
    refused(town.token(), 400, "invalid_request")
    refused(town.token(code=code, redirect_uri="-"), 400, "invalid_request")
    refused(town.token(grant_type="refresh_token"), 400, "invalid_request")
    form = f"grant_type=authorization_code&client_id={town.reader.id}"
    form += f"&client_secret={town.reader.secret}&code={code}&code={code}&redirect_uri=x"
    twice = town.http.ask("POST", "/token", form, content_type="application/x-www-form-urlencoded")
    refused(twice, 400, "invalid_request")
    assert town.token(code=code).status == 200
    assert town.http.ask("PUT", "/token").status == 405
    refused(
        town.http.ask("POST", "/token", "{}", content_type="application/json"),
        400,
        "invalid_request",
    )


def test_a_code_works_once(town: Town) -> None:
    code = town.visit().agrees()
    first = town.token(code=code).json
    second = town.token(code=code)
    assert second.json == CODE
    refused(second, 400, "invalid_grant")
    assert not works(town, first["access_token"])
    assert town.token(refresh_token=first["refresh_token"]).json == REFRESH


def test_a_code_is_bound(town: Town) -> None:
    plain = town.visit().agrees()
    bound = town.visit(**pkce("v" * 43)).agrees()
    for fields in (
        {"code": plain, "redirect_uri": BACK + "x"},
        {"code": plain, "redirect_uri": BACK.upper()},
        {"code": plain, "code_verifier": "v" * 43},
        {"code": bound},
        {"code": bound, "code_verifier": "w" * 43},
        {"code": bound, "code_verifier": pkce("v" * 43)["code_challenge"]},
        {"code": "x" * 43},
        {"code": "\0ä"},
    ):
        assert town.token(**fields).json == CODE
    assert town.token(town.other, code=plain).json == CODE
    assert town.token(code=bound, code_verifier="v" * 43).status == 200
    assert town.token(code=plain).status == 200


def test_a_code_lives_two_minutes(town: Town, clock: StillClock) -> None:
    early, late = town.visit().agrees(), town.visit().agrees()
    clock.move(119)
    assert town.token(code=early).status == 200
    clock.move(1)
    assert town.token(code=late).json == CODE


def test_tokens_rotate_and_a_spent_one_ends_the_family(town: Town) -> None:
    first = town.granted(scope="messages_read user_email")
    second = town.token(refresh_token=first["refresh_token"]).json
    assert second["scope"] == "messages_read user_email"
    assert works(town, first["access_token"])
    narrow = town.token(refresh_token=second["refresh_token"], scope="user_email").json
    assert narrow["scope"] == "user_email"
    assert town.api(narrow["access_token"], "messages/chats/").status == 403
    wide = town.token(refresh_token=narrow["refresh_token"], scope="messages_write")
    refused(wide, 400, "invalid_scope")
    refused(town.token(refresh_token=narrow["refresh_token"], scope="x"), 400, "invalid_scope")
    again = town.token(refresh_token=narrow["refresh_token"]).json
    assert again["scope"] == "messages_read user_email"
    assert town.token(refresh_token=first["refresh_token"]).json == REFRESH
    for each in (first, second, narrow, again):
        assert not works(town, each["access_token"])
        assert town.token(refresh_token=each["refresh_token"]).json == REFRESH


def test_a_refresh_token_is_its_applications_own(town: Town) -> None:
    granted = town.granted()
    assert town.token(town.other, refresh_token=granted["refresh_token"]).json == REFRESH
    for wrong in ("x", granted["access_token"], granted["refresh_token"] + "x"):
        assert town.token(refresh_token=wrong).json == REFRESH
    assert town.token(refresh_token=granted["refresh_token"]).status == 200


def test_tokens_have_an_end(town: Town, clock: StillClock) -> None:
    granted = town.granted()
    clock.move(43_199)
    props = town.http.ask("GET", f"/token_props?access_token={granted['access_token']}").json
    assert props["expires_in"] == "1"
    clock.move(1)
    assert not works(town, granted["access_token"])
    renewed = town.token(refresh_token=granted["refresh_token"]).json
    assert works(town, renewed["access_token"])
    clock.move(90 * 86_400)
    assert town.token(refresh_token=renewed["refresh_token"]).json == REFRESH


def test_a_new_password_ends_what_was_granted(town: Town) -> None:
    granted = town.granted("clara")

    async def changed() -> None:
        from tertulia.core.ids import AccountId, SessionId  # noqa: PLC0415 - used here only
        from tertulia.core.model import Actor, ProfileChange  # noqa: PLC0415 - as above

        actor = Actor(AccountId(town.ids["clara"]), SessionId(0))
        await town.server.core.accounts.change(
            actor, ProfileChange(current_password="clara-secret", new_password="clara-new")
        )

    town.run(changed())
    assert not works(town, granted["access_token"])
    assert town.token(refresh_token=granted["refresh_token"]).json == REFRESH


def test_the_end_of_an_application_ends_what_it_was_granted(town: Town) -> None:
    async def made() -> tuple[str, str]:
        application, secret = await town.server.core.oauth.register("Gone", (BACK,), ["user_email"])
        return application.id, secret

    from tests.unet.town import Client  # noqa: PLC0415 - used here only

    client = Client(*town.run(made()))
    granted = town.granted(client=client)
    assert granted["scope"] == "user_email"
    assert town.visit(client, scope="messages_read").opens().status == 303
    visit = town.visit(client)
    consent = visit.signs_in()
    town.run(town.server.core.oauth.remove(client.id))
    assert not works(town, granted["access_token"])
    assert visit.decides(consent).status == 400
    refused(town.token(client, refresh_token=granted["refresh_token"]), 401, "invalid_client")


def test_the_properties_of_a_token(town: Town) -> None:
    granted = town.granted(scope="messages_read")
    token = granted["access_token"]
    by_header = town.http.ask("GET", "/token_props", authorization=f"bearer {token}")
    assert by_header.json == {
        "client_id": town.reader.id,
        "expires_in": "43200",
        "resource_uri": granted["resource_uri"],
        "scope": "messages_read",
        "token_type": "bearer",
        "user_id": granted["user_id"],
    }
    by_form = town.http.form("POST", "/token_props", {"access_token": token})
    assert by_form.json == by_header.json
    bare = town.http.ask("GET", "/token_props")
    assert (bare.status, bare.headers["www-authenticate"]) == (401, 'Bearer realm="tertulia"')
    dead = town.http.ask("GET", "/token_props?access_token=x")
    assert (dead.status, dead.json["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in dead.headers["www-authenticate"]
    refresh = town.http.ask("GET", f"/token_props?access_token={granted['refresh_token']}")
    assert refresh.status == 401


def test_a_blocked_account_has_no_tokens_and_gets_none(town: Town) -> None:
    from tertulia.adapters.passwords import Argon2Passwords  # noqa: PLC0415 - used here only
    from tertulia.assembly.commands import commands  # noqa: PLC0415 - as above

    granted = town.granted("boris")
    visit = town.visit()
    consent = visit.signs_in("boris")
    passwords = Argon2Passwords(memory_kib=8, rounds=1)
    office = commands(town.server.engine, passwords, town.server.core.clock)
    try:
        town.run(office["user block"]({"name": "boris"}))
        assert not works(town, granted["access_token"])
        assert town.token(refresh_token=granted["refresh_token"]).json == REFRESH
        assert visit.decides(consent).status == 401
        assert town.visit().signs_in("boris").status == 403
    finally:
        town.run(office["user unblock"]({"name": "boris"}))
        passwords.close()
    assert not works(town, granted["access_token"])
