"""The outside: time, passwords, and later files, mail and the bus."""
