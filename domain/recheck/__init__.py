"""What is to be checked again after a checkup: proposed by rules, done by a day."""
