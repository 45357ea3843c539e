"""What this server can do and what it allows, for clients before they sign in (`/features.json`)."""

from starlette.responses import Response

from tertulia import __version__
from tertulia.dialects.tada import limits
from tertulia.dialects.tada.request import Call
from tertulia.dialects.tada.routes import Access, Operation, Place
from tertulia.dialects.tada.wire.envelope import encode

EMPTY = [
    "desktop_version",
    "front_version",
    "ios_app",
    "android_app",
    "ios_corp_app",
    "android_corp_app",
    "rumarket_app",
    "metrika",
    "sentry_dsn_js",
    "safari_push_id",
    "support_email",
    "firebase_app_id",
    "firebase_sender_id",
    "firebase_api_key",
    "firebase_auth_domain",
    "firebase_database_url",
    "firebase_project_id",
    "firebase_storage_bucket",
    "min_ios_version",
    "min_android_version",
    "min_corp_ios_version",
    "min_corp_android_version",
    "min_app_version",
]

YES = [
    "free_registration",
    "custom_server",
    "message_uploads",
    "server_drafts",
    "task_checklist",
    "readonly_groups",
    "task_dashboard",
    "task_messages",
    "task_public",
    "task_tags",
    "auth_by_sms",
    "auth_by_qr_code",
    "auth_by_password",
]

NO = [
    "is_pin_code_required",
    "is_testing",
    "calls_audio_enabled",
    "calls_video_enabled",
    "calls_video_multistream_enabled",
    "vcs_enabled",
    "mobile_calls",
    "calls_record",
    "single_group_teams",
    "wiki_pages",
    "custom_theme",
    "calls",
]

NUMBERS = {
    "max_linked_messages": limits.MAX_LINKED_MESSAGES,
    "max_message_uploads": limits.MAX_MESSAGE_UPLOADS,
    "max_username_part_length": limits.MAX_USERNAME_PART,
    "max_group_title_length": limits.MAX_GROUP_TITLE,
    "max_team_title_length": limits.MAX_TEAM_TITLE,
    "max_role_length": limits.MAX_ROLE,
    "max_mood_length": limits.MAX_MOOD,
    "max_message_length": limits.MAX_MESSAGE,
    "max_section_length": limits.MAX_SECTION,
    "max_project_length": limits.MAX_PROJECT,
    "max_tag_length": limits.MAX_TAG,
    "max_task_title_length": limits.MAX_TASK_TITLE,
    "max_color_rule_description_length": limits.MAX_COLOR_RULE_DESCRIPTION,
    "max_url_length": limits.MAX_URL,
    "max_integration_comment_length": limits.MAX_INTEGRATION_COMMENT,
    "max_teams": limits.MAX_TEAMS,
    "max_message_search_limit": limits.MAX_MESSAGE_SEARCH,
    "afk_age": limits.AFK_AGE_S,
    "pin_code_wrong_limit": 0,
    "min_search_length": limits.MIN_SEARCH,
    "resend_timeout": limits.RESEND_TIMEOUT_S,
    "calls_version": 0,
}

TERMS = {
    "EnInTeam": "in the team",
    "EnTeam": "team",
    "EnTeamAccess": "team access",
    "EnTeamAdmin": "team admin",
    "EnTeamAdmins": "team admins",
    "EnTeamGuest": "team guest",
    "EnTeamMember": "team member",
    "EnTeamMembers": "team members",
    "EnTeamOwner": "team owner",
    "EnTeamSettings": "team settings",
    "EnTeams": "teams",
    "EnToTeam": "to the team",
    "RuInTeam": "в команде",
    "RuTeam": "команда",
    "RuTeamAccess": "доступ к команде",
    "RuTeamAdmin": "администратор команды",
    "RuTeamAdmins": "администраторы команды",
    "RuTeamD": "команде",
    "RuTeamGuest": "гость команды",
    "RuTeamMember": "участник команды",
    "RuTeamMembers": "участники команды",
    "RuTeamOwner": "владелец команды",
    "RuTeamP": "команде",
    "RuTeamR": "команды",
    "RuTeamSettings": "настройки команды",
    "RuTeamT": "командой",
    "RuTeamV": "команду",
    "RuTeams": "команды",
    "RuTeamsD": "командам",
    "RuTeamsP": "командах",
    "RuTeamsR": "команд",
    "RuTeamsT": "командами",
    "RuTeamsV": "команды",
    "RuToTeam": "в команду",
}


async def features(call: Call) -> Response:
    """The bare object, without an envelope: clients read it before they know anything else."""
    said: dict[str, object] = {
        "host": call.desk.public_url,
        "build": __version__,
        "app_title": "Tertulia",
        "userver": f"{call.desk.public_url}/u",
        "app_schemes": ["otv", "tadateam"],
        "theme": "classic",
        "installation_type": "tertulia",
        "max_upload_mb": call.core.files.most_bytes >> 20,
        "ice_servers": [],
        "terms": TERMS,
    }
    said.update(dict.fromkeys(EMPTY, ""), **dict.fromkeys(YES, True), **dict.fromkeys(NO, False))
    said.update(NUMBERS)
    headers = {"access-control-allow-origin": "*", "cache-control": "no-cache"}
    return Response(encode(said), media_type="application/json; charset=utf-8", headers=headers)


OPERATIONS = (Operation("GET", "/features.json", features, Access.OPEN, Place.ROOT),)
