"""The central server: API, pages, jobs and interfaces."""
