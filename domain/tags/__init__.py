"""What a client is tagged with, by rule and by hand, and how the tags reach the people who talk to them in WeCom."""
