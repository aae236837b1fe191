"""`pi sessions`: look at sessions, find, name, remove and export them, without opening one.

One file per sub-command; `table.py` lists them.
"""
