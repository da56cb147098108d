"""Pages for people without an account: what a link opens."""
