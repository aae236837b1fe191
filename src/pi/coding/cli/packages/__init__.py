"""`pi install`, `remove`, `list`, `update` and `config`: packages from the shell."""
