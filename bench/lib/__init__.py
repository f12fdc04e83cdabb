"""What the commands of this folder share. Python's own library is enough for all of it."""
