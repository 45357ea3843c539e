"""Attachments API: links to put files to, and to get them from."""

from typing import TYPE_CHECKING, Any

from tertulia.core.ids import FileId
from tertulia.dialects.sama import ids
from tertulia.dialects.sama.desk import SEED
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.handlers.answer import Answer
from tertulia.dialects.sama.handlers.attachments import MOST_NEW_FILES, TOO_MANY_FILES, new_file
from tertulia.dialects.sama.params import Params, need_object
from tertulia.dialects.sama.wire import FileObject

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

BAD_NAME = "Incorrect file name."
BAD_SIZE = "Incorrect file size."
BAD_TYPE = "Incorrect content type."
NO_IDS = "File IDS missed."

MOST_IDS = 10


async def create_files(talk: "Talk", given: Any) -> Answer:
    """Announce files; each gets a link that its content is to be put to (document, Create)."""
    if not isinstance(given, list):
        raise refused('"value" must be an array')
    if len(given) > MOST_NEW_FILES:
        raise refused(TOO_MANY_FILES)
    new = [
        new_file(Params(each if isinstance(each, dict) else {}), BAD_NAME, BAD_SIZE, BAD_TYPE)
        for each in given
    ]
    files = talk.desk.core.files
    made = await files.create(talk.actor, new)
    return {"files": [FileObject.of(each, files.links.upload(each.id)) for each in made]}


async def get_file_urls(talk: "Talk", given: Any) -> Answer:
    """Links that files can be got from (document, Get).

    QUIRK sama: the document answers with an array in the order asked, stock clients look up by id.
    """
    params = need_object(given)
    asked = params.values.get("file_ids")
    if not isinstance(asked, list) or not asked:
        raise refused(NO_IDS)
    if len(asked) > MOST_IDS:
        raise refused("File IDs for get download url exceeded.")
    numbers = [FileId(each) for each in params.need_ids("file_ids", MOST_IDS, words=NO_IDS)]
    files, flavour = talk.desk.core.files, talk.flavour
    seen = await files.visible(talk.actor.account_id, numbers)
    urls = {number: files.links.download(number) for number in seen}
    if flavour == SEED:
        return {"file_urls": [urls.get(number) for number in numbers]}
    return {"file_urls": {ids.to_wire(each): urls[each] for each in numbers if each in urls}}
