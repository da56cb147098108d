"""What leaves the program: exported lists, printed and saved documents; each on record before it goes."""
