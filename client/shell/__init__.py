"""The frame around the pages: who, where, search, sync, alerts, navigation."""
