"""The inbox: what clients wrote by every channel, what is owed first, and the conversation beside it."""
