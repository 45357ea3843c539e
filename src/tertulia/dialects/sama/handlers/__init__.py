"""One function per request: parameters in, one call to the core, an answer out.

The modules follow the chapters of the document. Nothing is decided here, and nothing is caught.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from tertulia.dialects.sama.handlers import (
    absent,
    activity,
    blocking,
    codes,
    contacts,
    conversations,
    files,
    keys,
    log,
    messages,
    push,
    reading,
    signin,
    users,
)
from tertulia.dialects.sama.handlers.answer import Answer

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

Handler = Callable[["Talk", Any], Awaitable[Answer]]

OPERATIONS: Mapping[str, Handler] = {
    "ping": signin.ping,
    "user_create": users.user_create,
    "user_login": signin.user_login,
    "connect": signin.connect,
    "user_logout": signin.user_logout,
    "user_edit": users.user_edit,
    "user_delete": users.user_delete,
    "user_search": users.user_search,
    "get_users_by_ids": users.get_users_by_ids,
    "user_send_otp": codes.user_send_otp,
    "user_reset_password": codes.user_reset_password,
    "contact_add": contacts.contact_add,
    "contact_batch_add": contacts.contact_batch_add,
    "contacts": contacts.contacts,
    "contact_update": contacts.contact_update,
    "contact_list": contacts.contact_list,
    "contact_delete": contacts.contact_delete,
    "conversation_create": conversations.conversation_create,
    "conversation_update": conversations.conversation_update,
    "conversation_delete": conversations.conversation_delete,
    "conversation_list": conversations.conversation_list,
    "conversation_search": conversations.conversation_search,
    "get_participants_by_cids": conversations.get_participants_by_cids,
    "get_admins_by_cids": conversations.get_admins_by_cids,
    "conversation_subscribe": conversations.conversation_subscribe,
    "conversation_unsubscribe": conversations.conversation_unsubscribe,
    "message": messages.message,
    "system_message": messages.system_message,
    "message_edit": messages.message_edit,
    "message_delete": messages.message_delete,
    "message_list": reading.message_list,
    "message_read": reading.message_read,
    "message_reactions_update": reading.message_reactions_update,
    "message_reactions_list": reading.message_reactions_list,
    "typing": messages.typing,
    "user_last_activity": activity.user_last_activity,
    "user_last_activity_subscribe": activity.user_last_activity_subscribe,
    "user_last_activity_unsubscribe": activity.user_last_activity_unsubscribe,
    "online_list": activity.online_list,
    "activity_status": activity.activity_status,
    "op_log_list": log.op_log_list,
    "push_subscription_create": push.push_subscription_create,
    "push_subscription_list": push.push_subscription_list,
    "push_subscription_delete": push.push_subscription_delete,
    "push_event_create": push.push_event_create,
    "block_user": blocking.block_user,
    "unblock_user": blocking.unblock_user,
    "list_blocked_users": blocking.list_blocked_users,
    "block_list_enable": blocking.block_list_enable,
    "device_register": keys.device_register,
    "device_list": keys.device_list,
    "request_keys": keys.request_keys,
    "device_delete": keys.device_delete,
    "message_decryption_failed": keys.message_decryption_failed,
    "create_files": files.create_files,
    "get_file_urls": files.get_file_urls,
    "conversation_handler_create": absent.conversation_handler_create,
    "get_conversation_handler": absent.conversation_handler_find,
    "conversation_handler_delete": absent.conversation_handler_find,
    "message_summary": absent.agent,
    "message_tone": absent.agent,
}

OPEN = frozenset(
    {"ping", "user_create", "user_login", "connect", "user_send_otp", "user_reset_password"}
)
"""What is served before sign-in."""
