"""The two ways of logging in, without a word of any vendor: PKCE in a browser, and a device code.

Vendors' parameters and peculiarities stand in `pi.ai.auth.flows`, one file each.
"""
