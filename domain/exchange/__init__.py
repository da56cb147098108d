"""What branch and centre disagree about, for people to decide."""
