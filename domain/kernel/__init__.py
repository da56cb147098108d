"""The grammar every feature is written in: records, commands, workflows, worklists, units of work."""
