"""Packages: folders and git repositories that bring extensions, skills, prompts and themes."""
