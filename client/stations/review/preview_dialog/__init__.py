"""The report as it will be printed, page by page."""
