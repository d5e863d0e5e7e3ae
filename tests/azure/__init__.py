"""An Azure of our own, for tests and the demonstration: TLS, ARM, Graph, OAuth, managed identities."""

from .answer import Answer, error
from .login import CLIENT, FEDERATED, HEADER, OBJECT, SECRET, TENANT, token
from .manager import GROUP, HERE, SUBSCRIPTION
from .server import Azure, running

__all__ = [
    "CLIENT",
    "FEDERATED",
    "GROUP",
    "HEADER",
    "HERE",
    "OBJECT",
    "SECRET",
    "SUBSCRIPTION",
    "TENANT",
    "Answer",
    "Azure",
    "error",
    "running",
    "token",
]
