"""Which of AWS's operations read, told by their names."""

import re

READING = re.compile(r"(?:Get|List|Describe|BatchGet)[A-Z]")
"""What the names of operations begin with that read."""
READING_TOO = frozenset(
    {
        # Has AWS compile a list that GetCredentialReport reads; changes nothing that anybody owns.
        "iam:GenerateCredentialReport",
    }
)
"""Operations that only read, though their names do not say so."""
