"""Carries out the commands of `pi.coding.api.setup`."""
