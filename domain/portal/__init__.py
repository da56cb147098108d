"""Clients in WeChat: who may read whose reports there, by proof and consent, until it is taken back."""
