"""FHIRPath for forms: read once, compiled to closures, bounded in time and size, re-evaluated only where needed."""
