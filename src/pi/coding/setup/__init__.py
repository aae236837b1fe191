"""What belongs to the user and not to one session: models, settings, logins, sessions on disk.

One small function for each command of `pi.coding.api.setup`, found in `table`. A session host asks
them; what they know of credentials they share with `pi auth`.
"""
