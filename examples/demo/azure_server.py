"""An Azure subscription and its Entra tenant that live in this process: `python -I azure_server.py FOLDER`.

The server's certificates are made in FOLDER, which is the caller's to remove. The first line of standard
output is a JSON object that says where everything answers, and what a client's environment must have. The
server ends when its standard input does, so that it never outlives whoever started it. What an auditor was
not given in this hospital is denied, in Azure's words and in Graph's.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # python -I leaves it out

from examples.demo import northlake
from tests import azure
from tests.azure.graph import PERMISSIONS

WITHHELD = frozenset({"Microsoft.KeyVault/vaults/secrets/read"})
"""The security team lets nobody list what secrets there are."""
UNREGISTERED = {"Microsoft.GuestConfiguration"}
"""Nobody has turned on that machines tell how they are set up."""
UNGRANTED = frozenset({"Directory.Read.All"})
"""A permission that reads everything, which nobody likes to grant."""


def furnish(server: azure.Azure, now: datetime) -> None:
    """Make a server that is empty the hospital's."""
    server.manager.resources = northlake.resources(now)
    server.manager.denied = WITHHELD
    server.manager.unregistered = UNREGISTERED
    server.graph.entries = northlake.entries(now)
    server.graph.granted = frozenset[str]().union(*(names for _, names in PERMISSIONS)) - UNGRANTED


def main(folder: Path) -> None:
    """Answer until nobody holds the other end of standard input."""
    with azure.running(folder) as server:
        furnish(server, datetime.now(UTC))
        # The proxy variables are the caller's business: the other cloud needs them as they are.
        environment = {name: value for name, value in server.environment.items() if name != "NO_PROXY"}
        print(
            json.dumps(
                {
                    "resource_manager": server.url,
                    "graph": server.graph_url,
                    "authority": server.url,
                    "environment": environment,
                }
            ),
            flush=True,
        )
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
