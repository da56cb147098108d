"""Exporting the responses of a form: which, of when, with or without who somebody is, as a book or as PDFs."""
