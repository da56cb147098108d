"""What the clinic knows: records, commands, workflows, worklists and rules."""
