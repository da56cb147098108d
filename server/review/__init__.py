"""The reviewer's case in a browser: for experts at the head office whose computer has no client installed."""
