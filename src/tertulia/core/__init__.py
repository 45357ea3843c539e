"""The messenger itself: accounts, chats, messages, who may do what. No wire, no SQL, no socket."""
