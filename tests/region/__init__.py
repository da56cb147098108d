"""A whole region in one process tree: a real server, hundreds of branches with their own stores, and seeded faults.

`tests.region.region.Region` runs it, `./dev bench region` is its long form. See docs/sync.md, section 13.
"""
