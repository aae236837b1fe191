"""Replacing passages of text: finding them, keeping all other bytes, showing the difference."""
