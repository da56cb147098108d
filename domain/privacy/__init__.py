"""What a person may ask of who holds their data: to see, copy, correct, delete, explain, stop; each with its term."""
