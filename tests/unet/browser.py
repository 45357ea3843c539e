"""A browser without scripts: it keeps cookies and knows forms."""

from html.parser import HTMLParser

from typing_extensions import override

from tests.world.wires import Answer, Http


class Form:
    """Where a form goes, and its fields by name: of hidden ones the value."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.method = attributes.get("method", "get")
        self.action = attributes.get("action", "")
        self.hidden: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []


class Forms(HTMLParser):
    """The forms of a page, in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep forms and what is in them."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given))
        elif tag == "button":
            self.found[-1].buttons.append((given.get("name", ""), given.get("value", "")))
        elif tag == "input":
            is_hidden = given.get("type") == "hidden"
            fields = self.found[-1].hidden if is_hidden else self.found[-1].shown
            fields[given["name"]] = given.get("value", "")


def forms(page: Answer) -> list[Form]:
    """The forms of a page."""
    return Forms(page.text).found


class Browser:
    """Keeps cookies, and follows nothing by itself."""

    def __init__(self, base_url: str) -> None:
        self.http = Http(base_url)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        """The answer; what it sets is kept."""
        headers = {"accept": "text/html"}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if fields is None:
            answer = self.http.ask(method, path, **headers)
        else:
            answer = self.http.form(method, path, fields, **headers)
        if "set-cookie" in answer.headers:
            name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer
