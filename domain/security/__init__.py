"""What in the log of deeds looks wrong: found by itself, verified by a person, with a conclusion that stays."""
