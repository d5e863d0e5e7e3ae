"""Its report formats, a module each."""
