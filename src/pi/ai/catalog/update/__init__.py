"""What keeps the catalog true after its release: lists that others make, and rules to read them.

Nothing here is imported at a start. `refresh` is what `pi models update` runs;
`scripts/update_catalog` makes a release's data with the same `listing` and `rules`.
"""
