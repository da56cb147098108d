"""What became of the centre's backups: made, copied elsewhere, put back for a rehearsal; rules watch it."""
