"""`python -m apidocs` writes the descriptions into the package; building a server does it, too."""

import json
from pathlib import Path

from apidocs.asyncapi import asyncapi
from apidocs.openapi import openapi

WRITTEN = Path(__file__).parents[1] / "src" / "tertulia" / "web" / "apis"


def write() -> None:
    """Both, without a blank: people read them through `/docs`."""
    for name, description in (("openapi", openapi()), ("asyncapi", asyncapi())):
        text = json.dumps(description, ensure_ascii=False, separators=(",", ":"))
        (WRITTEN / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    write()
