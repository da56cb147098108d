"""What was read in no source, or only partly, and who of the institution has answered for it."""
