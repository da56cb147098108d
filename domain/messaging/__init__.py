"""Messages to people outside the program: an outbox in the change log, templates, when and to whom."""
