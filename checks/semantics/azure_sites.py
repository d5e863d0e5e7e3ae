"""What an Azure web site is, by the kind that it is of."""

from typing import Literal

Kind = Literal["app", "function", "workflow"]


def kind_of(kind: str) -> Kind:
    """What a site of this kind is, as in app,linux or functionapp,workflowapp.

    A workflow of Logic Apps is a function app, too, and counts as a workflow only.
    """
    words = kind.lower().split(",")
    if "workflowapp" in words:
        return "workflow"
    return "function" if "functionapp" in words else "app"
