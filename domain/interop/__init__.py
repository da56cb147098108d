"""The clinic's other systems: who they are, what is ordered from them, what they are told, what their codes mean."""
