"""user/ and contacts/."""

from tertulia.core.ids import AccountId, SessionId
from tertulia.core.model import Actor, NewAccount, ProfileChange
from tests.unet.town import Town


def test_a_person_is_told_in_parts(town: Town) -> None:
    token = town.granted(scope="user_details user_email user_birthday")["access_token"]
    whole = town.api(token, "user/").json
    assert whole == {
        "details": {
            "uid": town.ids["anna"],
            "profile_url": f"{town.base_url}/#/users/{town.ids['anna']}",
            "nickname": "anna",
            "gender": "",
            "first_name": "",
            "last_name": "",
            "middle_name": "",
            "other_name": "",
            "face_photos": [],
            "verified": False,
        },
        "email": "",
    }
    assert town.api(token, "user/", {"info": ["email"]}).json == {"email": ""}
    assert town.api(token, "user/", {"info": ["birthday"]}).json == {}
    assert town.api(token, "user/", {"info": []}).json == {}


def test_a_part_needs_its_scope(town: Town) -> None:
    token = town.granted(scope="user_email messages_read")["access_token"]
    assert town.api(token, "user/").json == {"email": ""}
    refused = town.api(token, "user/", {"info": ["email", "details"]})
    assert (refused.status, refused.json["error"]) == (403, "insufficient_scope")
    assert 'scope="user_details"' in refused.headers["www-authenticate"]
    none = town.granted(scope="messages_read")["access_token"]
    refused = town.api(none, "user/")
    assert (refused.status, refused.json["error"]) == (403, "insufficient_scope")
    assert 'scope="user_details user_email user_birthday"' in refused.headers["www-authenticate"]


def test_an_address_is_told_only_if_it_was_proven(town: Town) -> None:
    actor = Actor(AccountId(town.ids["clara"]), SessionId(0))
    change = ProfileChange(email="boss@example.org")
    town.run(town.server.core.accounts.change(actor, change))
    token = town.granted("clara", "user_email user_details")["access_token"]
    told = town.api(token, "user/").json
    assert told["email"] == ""
    assert told["details"]["verified"] is False


def test_names_are_told_as_the_person_gave_them(town: Town) -> None:
    actor = Actor(AccountId(town.ids["boris"]), SessionId(0))
    change = ProfileChange(first_name="Boris", patronymic="Petrovich", last_name="Volkov")
    town.run(town.server.core.accounts.change(actor, change))
    token = town.granted("boris", "user_details")["access_token"]
    told = town.api(token, "user/").json["details"]
    names = (told["first_name"], told["middle_name"], told["last_name"])
    assert names == ("Boris", "Petrovich", "Volkov")


def test_contacts_are_listed_by_number_and_in_pages(town: Town) -> None:
    boris = town.granted("boris")["access_token"]
    for other in ("anna", "clara"):
        message = {"chat_id": town.ids[other], "message": "hola"}
        assert town.api(boris, "messages/add/", message).status == 200
    whole = town.api(boris, "contacts/").json
    assert whole["items"] == [
        {
            "uid": town.ids[login],
            "target_resource_uri": f"{town.base_url}/unet/api/contacts/{town.ids[login]}/",
            "nickname": login,
        }
        for login in ("anna", "clara")
    ]
    assert (whole["limit"], whole["total_count"]) == (100, 2)
    assert whole["next_cursor"] == whole["prev_cursor"] == ""
    fields = {"permissions": True, "nickname": False}
    first = town.api(boris, "contacts/", {"limit": 1, "fields": fields}).json
    assert set(first["items"][0]) == {"uid", "target_resource_uri", "permissions"}
    assert first["items"][0]["permissions"] == {}
    path = first["next_cursor"].removeprefix(f"{town.base_url}/unet/api/")
    second = town.api(boris, path).json
    assert [each["uid"] for each in second["items"]] == [town.ids["clara"]]
    assert set(second["items"][0]) == {"uid", "target_resource_uri", "permissions"}
    back = town.api(boris, "contacts/", {"cursor": second["prev_cursor"]}).json
    assert back["items"] == first["items"]


def test_who_is_gone_gets_no_more_messages(town: Town) -> None:
    core = town.server.core
    gone = town.run(core.accounts.register(NewAccount("olga", "olga-secret"))).id
    token = town.granted("boris")["access_token"]
    message = {"chat_id": gone, "message": "hola"}
    sent = town.api(token, "messages/add/", {**message, "random_id": "to olga"}).json
    town.run(core.accounts.remove(Actor(gone, SessionId(0))))
    refused = town.api(token, "messages/add/", message)
    assert (refused.status, refused.json["error"]) == (404, "not_found")
    _, (answer,) = town.api(token, "messages/", ["add", [message]]).json
    assert answer["error"] == "not_found"
    # What was said stays, and a repeated request is no new message.
    assert town.api(token, "messages/", {"chat_id": gone}).json["items"] == [sent]
    again = town.api(token, "messages/add/", {**message, "random_id": "to olga"})
    assert again.json == sent


def test_who_goes_hides_nobody_else_between_two_pages(town: Town) -> None:
    core = town.server.core
    ids = {}
    for login in ("greta", "dora", "emil", "flora"):
        ids[login] = town.run(core.accounts.register(NewAccount(login, f"{login}-secret"))).id
    token = town.granted("greta")["access_token"]
    for login in ("dora", "emil", "flora"):
        message = {"chat_id": ids[login], "message": "hola"}
        assert town.api(token, "messages/add/", message).status == 200

    def page(**q: object) -> tuple[list[str], str, str]:
        told = town.api(token, "contacts/", {"limit": 1, **q}).json
        shown = [each["nickname"] for each in told["items"]]
        return shown, told["prev_cursor"], told["next_cursor"]

    def goes(login: str) -> None:
        town.run(core.accounts.remove(Actor(ids[login], SessionId(0))))

    _, _, onward = page()
    shown, before, after = page(cursor=onward)
    assert shown == ["emil"]
    goes("flora")
    nobody, back, onward = page(cursor=after)
    assert (nobody, onward) == ([], "")
    assert page(cursor=back)[0] == ["emil"]
    goes("dora")
    nobody, back, onward = page(cursor=before)
    assert (nobody, back) == ([], "")
    assert page(cursor=onward)[0] == ["emil"]
