"""Remote review: who at head office takes which report, and how far it is."""
