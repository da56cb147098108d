"""Taking money: one gateway behind an interface, what it says verified, what it owes us asked for."""
