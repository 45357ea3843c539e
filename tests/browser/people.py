"""People with browsers, and how they come to be signed in."""

import itertools
from collections.abc import Callable

from tests.browser.chromium import Profile, Tab

SECRET = "hush-hush"
NUMBERS = itertools.count(1)


class Computer:
    """A browser of one person, and the tabs that are open in it."""

    def __init__(self, profile: Profile, url: str) -> None:
        self.profile = profile
        self.tabs: list[Tab] = []
        self._url = url

    def tab(self, url: str = "") -> Tab:
        """The page in one more tab; it has done what it does when it is opened."""
        tab = self.profile.tab(url or self._url)
        self.tabs.append(tab)
        tab.evaluate("client.ready")
        return tab


NewComputer = Callable[[], Computer]


def someone(computer: Computer, name: str) -> Tab:
    """The page with a new user of about that name, signed in."""
    tab = computer.tab()
    login = f"{name}-{next(NUMBERS)}"
    tab.do("signUp", login, SECRET)
    tab.do("signIn", login, SECRET)
    return tab
