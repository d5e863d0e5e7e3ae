"""How a report is shown: each module here that defines `write` is a format of that name."""
