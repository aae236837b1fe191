"""`pi models`: the list, everything about one model, and newer facts from those who have them.

One file per sub-command; `table.py` lists them.
"""
