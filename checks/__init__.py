"""What is looked at: a package a family, a module a platform, a function a check."""
