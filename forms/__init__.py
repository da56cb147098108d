"""The form engine and documents: data and a template become a page."""
