"""Where one is signed in over the two APIs that the web client itself does not speak."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.client import DESKTOP, PHONE, SECRET, MakePerson, shot, violations
from tests.browser.test_unet_pages import tertulia
from tests.stories.process import serving
from tests.world.astrak import AstrakVoice
from tests.world.unet import REDIRECT_URI, Application, UnetVoice
from tests.world.voice import Refused

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_sessions_of_unet_and_astrak_are_seen_and_ended(
    visitor: MakePerson, tmp_path: Path, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    with serving(tmp_path) as running:
        it = visitor(size, running.base_url).sign_up("ona", "Ona")
        new = ("--name", "Diary", "--redirect-uri", REDIRECT_URI)
        made = json.loads(tertulia(tmp_path, "oauth-client", "create", *new))
        diary = Application(made["client_id"], made["client_secret"])
        unet = UnetVoice(running.base_url, diary, "ona", SECRET)
        astrak = AstrakVoice(running.base_url, "ona", SECRET)
        page = it.page
        page.goto(it.url + "/#/settings/devices")
        rows = page.locator("main li.row")
        # The third is the browser in which one has agreed to Unet's application.
        expect(rows).to_have_count(3)
        expect(rows.filter(has_text="Unet")).to_have_count(2)
        assert violations(page) == []
        shot(page, f"sessions-of-all-{request.node.callspec.id}")
        for name, voice in (("Diary", unet), ("Astrak", astrak)):
            voice.chats()
            row = rows.filter(has_text=name)
            row.get_by_role("button").click()
            page.locator("dialog").get_by_role("button", name="Sign out").click()
            expect(row).to_have_count(0)
            with pytest.raises(Refused):
                voice.chats()
        expect(rows).to_have_count(1)
        unet.http.close()
        astrak.close()
