"""What a statement means: pure functions and packaged data, shared by families."""
