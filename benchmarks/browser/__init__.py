"""How fast the web client is, in Chromium."""
