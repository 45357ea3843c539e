"""What a message may be beside its words, as bits of `Message.flags`."""

SILENT = 1
"""It makes no noise: no push, and it does not count as unread."""

IMPORTANT = 2
"""Whoever may set it wants it to be noticed."""

NO_PREVIEW = 4
"""Nobody shall show what its links lead to."""

NAMES = 16
"""It names people or chats with @ or # (`core.mentions`). The server sets it, and nobody else."""

VOICE = 8
"""Its sound is a spoken message, not a piece of music."""

WAS_NOTICE = 32
"""The server itself had said it, and somebody has deleted it. The server sets it, and nobody else."""
