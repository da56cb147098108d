"""What a workstation does before SQLAlchemy and the features are loaded: sign in, today's list, search.

Nothing is said twice for it. `compiling` reads the declarations through their ordinary doors once a program version
and keeps the SQL and the column facts it saw in the store itself, where they are encrypted and authenticated like
everything else; `reading` runs that SQL on a plain connection. What it cannot decide, it leaves to the whole desk.
"""
