"""The second factor at the centre's sign-in: one-time codes by an app (RFC 6238) and recovery codes."""
