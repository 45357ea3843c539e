"""A store so full that looking through a whole table costs something (PostgreSQL's dialect).

4,000 people, 400 teams of ten, 4,000 chats with ten messages in each, and of all else as much.
"""

PEOPLE = """
INSERT INTO accounts (id, login, login_key, email, phone, awaited_phone, first_name, last_name,
    search_text, created_at, updated_at, seen_at)
SELECT n, 'a' || n, 'a' || n, '', '', CASE WHEN n % 4 = 0 THEN 'w' || n END, '', '',
    'a' || n || chr(10) || n || chr(10) || n, 0, 0, 0
FROM generate_series(1, 4000) AS n
"""

SESSIONS = """
INSERT INTO sessions (id, account_id, dialect, device, flavour, created_at)
SELECT n, n, 'sama', '', '', 0 FROM generate_series(1, 4000) AS n
"""

CHATS = """
INSERT INTO chats (id, kind, pair, name, description, search_text, owner_id, team_id, created_at,
    updated_at)
SELECT n, CASE n % 4 WHEN 0 THEN 'task' WHEN 1 THEN 'group' WHEN 2 THEN 'channel' ELSE 'direct' END,
    'p' || n, '', '', '', n, CASE WHEN n % 4 < 2 THEN 1 + n % 400 END, 0, n
FROM generate_series(1, 4000) AS n
"""

MEMBERS = """
INSERT INTO members (chat_id, account_id, role, joined_at)
SELECT n, 1 + (n * k) % 4000, 'member', 0
FROM generate_series(1, 4000) AS n, generate_series(1, 3) AS k ON CONFLICT DO NOTHING
"""

MESSAGES = """
INSERT INTO messages (id, chat_id, seq, author_id, text, extra, forward_of, sent_at, ref_key, uid)
SELECT n, n % 4000, n / 4000, n % 4000, '', '', '', n, n, 'u' || n
FROM generate_series(1, 40000) AS n
"""

TEAM_MEMBERS = """
INSERT INTO team_members (id, team_id, account_id, status, created_at, version, role, email, phone)
SELECT n, 1 + n % 400, n, 'member', 0, n, '', '', '' FROM generate_series(1, 4000) AS n
"""

# What each table gets of a number n, or of an account n.
SMALL = {
    "blocks": "n % 4000, n % 3999, n, 0",
    "callback_changes (id, account_id, old, new, at)": "n, n % 4000, '', '', 0",
    "callbacks (id, account_id, address, is_deliverable, secret, own)": "n, n, '', 1, '', 0",
    "codes (id, account_id, device, hash, sent_at)": "n, 1 + n % 4000, '', 'h', n",
    "contacts": "n, 1 + n % 4000, '', '', '', '', '', n, n",
    "courses (hook_id, kind, cursor)": "n, 'k' || n % 2, 0",
    "deleted_texts": "n, '', n",
    "device_keys": "n, n, '', '', n",
    "devices": "n, 1 + n % 4000, 'd' || n, '', '', '', '', 1, 0, 1, NULL",
    "events (id, kind, chat_id, accounts, at, body)": "n, 'MessageEdited', n % 4000, NULL, 0, '{}'",
    "told (number, before, process, words)": "n, n - 1, 1, '[]'",
    "farewells": "n % 4000, n",
    "files (id, maker_id, name, content_type, size_bytes, created_at, uploaded_at)":
        "n, n, '', '', 0, 0, CASE WHEN n % 100 > 0 THEN 0 END",
    "group_settings": "n, 1 + n % 400, n % 2, n / 2 % 2, CASE WHEN n % 100 = 0 THEN 60 END, NULL, n",
    "hidden": "n % 4000, n",
    "hidden_counts": "n, n, 1",
    "hooks": "n, 1 + n % 400, n, n, '', '', 1, '', 'k' || n, '', 0",
    "house_bots": "'k' || n, n",
    "invitations": "n, 1 + n % 400, 't' || n, 0",
    "invites": "n, 'i' || n, 1, 0, 0, n",
    "member_settings": "1 + n % 4000, 1 + n % 3999, 0, 0, 0, 1, 1, 0, '', 0, n",
    "message_edits": "n, 0, n",
    "message_files": "n, n",
    "named_reads": "n % 4000, n",
    "oauth_clients": "'c' || n, '', '', '', '', 0",
    "oauth_codes": "'h' || n, n, '', '', n, NULL",
    "oauth_sessions": "n, n, CASE WHEN n % 2 = 0 THEN 'c' || n END, '', 0, n",
    "oauth_tokens": "'h' || n, 1 + n % 4000, 'access', '', n, NULL",
    "one_time_keys": "1 + n % 4000, n, ''",
    "phone_codes (id, phone, purpose, subject, hash, sent_at, expires_at)":
        "n, 'p' || n % 4000, 'register', n, 'h', n, n",
    "picture_files": "n, n",
    "poll_positions": "n, n",
    "preferences": "n, '{}'",
    "processes": "n, n",
    "pushes": "n, 1 + n % 4000, ''",
    "reactions": "n, n % 4000, '+', n",
    "mentions": "n, 0, '@', n % 4000, NULL, n % 4000, n",
    "registrations (account_id, login, login_key, password_hash, phone, asked_at)":
        "n, 'l' || n, 'l' || n, 'h', 'p' || n, n",
    "registration_tokens": "'t' || n, n, n, 'a', 'd', 'access', n",
    "sections": "n, 1 + n % 400, '', '', n, n",
    "subscriptions": "n, n, '', '', '', '', '', '', 0, 0",
    "tags": "n, 1 + n % 400, '', 't' || n, n",
    "task_tags": "n, 't'",
    "tasks": "n, 1 + n % 400, n, 'new', 1 + n % 4000, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL, '', NULL, '', '', '', n",
    "team_files": "n, 1 + n % 400, 0, 0",
    "team_uploads": "1 + n % 400, n, 0",
    "tickets": "'h' || n, 1 + n % 4000, n",
    "tokens (hash, session_id, kind, expires_at)": "'h' || n, 1 + n % 4000, 'access', n",
    "ui_settings": "n, '{}'",
    "unconfirmed": "1 + n % 4000, n, 0, ''",
    "visits": "n % 4000, n, n % 3, CASE WHEN n % 100 > 0 THEN n END",
}  # fmt: skip

# The rows of others name theirs.
OF_EACH_ACCOUNT = {
    "callbacks", "courses", "device_keys", "group_settings", "hidden_counts", "hooks", "house_bots",
    "oauth_clients", "oauth_codes", "oauth_sessions", "preferences", "subscriptions", "task_tags",
    "tasks", "poll_positions", "ui_settings",
}  # fmt: skip

TEAMS = """
INSERT INTO teams (id, version, name, created_at, task_deadline, edit_window_s, uploads_limit)
SELECT n, n, '', 0, '', 0, 0 FROM generate_series(1, 400) AS n
"""


def _rows(table: str, values: str) -> str:
    many = 4_000 if table.partition(" ")[0] in OF_EACH_ACCOUNT else 8_000
    return f"INSERT INTO {table} SELECT {values} FROM generate_series(1, {many}) AS n"  # noqa: S608 - constants of ours


# Parents before what refers to them.
FIRST = ("oauth_clients", "oauth_sessions", "device_keys", "subscriptions", "registrations")

FILL = (
    *(PEOPLE, SESSIONS, TEAMS, TEAM_MEMBERS, CHATS, MEMBERS, MESSAGES),
    *(
        _rows(table, values)
        for table, values in sorted(SMALL.items(), key=lambda each: not each[0].startswith(FIRST))
    ),
    "ANALYZE",
)
