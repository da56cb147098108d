"""The form of any command, made from its declaration."""
