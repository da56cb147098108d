"""Labels: what waits at a printer and what became of it, and templates of an institution's own."""
