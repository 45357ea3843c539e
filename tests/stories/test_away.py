"""Somebody whose one client is away while another listens: each misses nothing."""

import pytest

from tests.world.town import town
from tests.world.voice import direct

pytestmark = pytest.mark.slow


def test_who_listens_in_tada_still_finds_in_the_log_what_his_sama_client_missed() -> None:
    with town() as place:
        anna, boris = (place.settle(name, name) for name in ("anna", "boris"))
        phone, writer = place.sama("anna"), place.sama("boris")
        room = direct(anna)
        first = writer.send(room, "good moning")
        window = place.tada("anna")
        window.listen()
        phone.heard()
        phone.go()
        writer.send(room, "while the phone was off")
        writer.edit(room, first, "good morning")
        assert {each.text for each in window.heard()} == {"while the phone was off", "good morning"}
        missed = phone.back()
        assert [(each.kind, each.text) for each in missed] == [
            ("posted", "while the phone was off"),
            ("edited", "good morning"),
        ]
        assert [each.text for each in phone.messages(direct(boris))][-1] == missed[0].text
        for voice in (phone, window, writer):
            voice.close()
        assert place.mistakes == []
