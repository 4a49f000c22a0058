"""Reading and writing: files, output folders, cards."""
