"""The page in front of everything: who are you, or why the desk cannot open."""
