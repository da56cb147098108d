"""The channels to people outside the program: adapters of WeCom, Official Account, mini program, SMS and e-mail.

An adapter turns a `Parcel` into a call of its vendor and the answer into an `Outcome`; it keeps no messages. What the
vendors' documents say stands in the modules with its mark; none of it was run against a vendor's real
service (``docs/channels.md``).
"""
