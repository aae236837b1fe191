"""Shell commands: starting and ending them, and what they print."""
