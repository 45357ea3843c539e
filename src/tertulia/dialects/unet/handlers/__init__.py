"""What can be asked, one function per request."""
