"""The limits that `/features.json` announces, and the others; all of them are enforced.

Lengths are in characters.
"""

MAX_LINKED_MESSAGES = 100
MAX_MESSAGE_UPLOADS = 10
MAX_USERNAME_PART = 50
"""Of a given name, family name or patronymic."""
MAX_GROUP_TITLE = 250
MAX_TEAM_TITLE = 100
MAX_ROLE = 2_048
MAX_MOOD = 50
MAX_MESSAGE = 12_000
MAX_SECTION = 50
"""As announced to clients; the document's old form allows `MAX_SECTION_NAME`."""
MAX_SECTION_NAME = 200
MAX_SECTION_DESCRIPTION = 2_048
MAX_PROJECT = 50
MAX_TAG = 30
MAX_TASK_TITLE = 250
MAX_COLOR_RULE_DESCRIPTION = 120
MAX_URL = 500
MAX_INTEGRATION_COMMENT = 250
MAX_TEAMS = 300
"""Of one person, archived ones not counted."""
MAX_MESSAGE_SEARCH = 200
AFK_AGE_S = 30
RESEND_TIMEOUT_S = 30
MIN_SEARCH = 1

MAX_EMAIL = 254
MAX_TEXT = 255
"""Of any text that has no limit of its own."""
MAX_DEVICE_ID = 255
MAX_DEVICE_NAME = 255
MAX_PUSH_TOKEN = 4_096
MAX_UI_SETTINGS_BYTES = 16_000
MAX_BOOK_CONTACTS = 10_000
MAX_LIST = 10_000
"""Items of any list in a body that has no limit of its own."""
MAX_DELAY_S = 60.0
"""Of a ping that asks to be answered late."""
MAX_DELAYED = 1_000
"""Pings that wait at once; more are answered without delay."""
MAX_CODE = 12
"""Of a code in an SMS, as typed."""
MAX_SECRET = 255
"""Of a login, a phone, an e-mail address or a password."""
MAX_ACCESS_TOKEN = 2_048
"""Of a token of another API."""
MAX_QR_VALUE = 255
"""Of a text that a client wants to see in a QR code."""
