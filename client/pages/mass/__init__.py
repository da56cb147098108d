"""One message to many clients chosen by their tags: what it would be, what became of earlier ones."""
