"""Resumable upload after tus 1.0.0: the centre's half (`engine`, `asgi`) and the branch's half (`client`).

What is supported, and every answer a client can get, is listed in ``docs/tus.md``.
"""
