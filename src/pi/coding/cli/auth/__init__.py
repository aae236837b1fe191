"""`pi auth`: sign in, store keys, and say where a credential comes from.

One file per sub-command; `table.py` lists them. What they know they have from the resolver that
requests use, so that they cannot say something else than what happens.
"""
