"""The slash commands of the terminal, one a file, registered as those of an extension are."""
