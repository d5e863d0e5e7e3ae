"""What is read of a service's description, and that it is what botocore reads, found only when looked for."""

import json
from typing import Any

import botocore.hooks
import botocore.session
import pytest

from scanner.targets.quick.descriptions import read
from scanner.targets.quick.events import Aliaser

SERVICE: dict[str, Any] = {
    "metadata": {"serviceId": "Wards"},
    "operations": {
        "ListBeds": {
            "input": {"shape": "Asked"},
            "output": {"shape": "Beds"},
            "errors": [{"shape": "Full"}],
            "documentation": "prose",
        },
        "DeleteBed": {"input": {"shape": "Gone"}},
    },
    "shapes": {
        "Asked": {"type": "structure", "members": {"shape": {"shape": "Text", "documentation": "prose"}}},
        "Beds": {"type": "list", "member": {"shape": "Bed"}, "documentation": 'says "shape":"Gone"'},
        "Bed": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
        "Text": {"type": "string"},
        "Number": {"type": "integer"},
        "Full": {"type": "structure", "members": {}, "exception": True},
        "Closed": {"type": "structure", "members": {"at": {"shape": "Moment"}}, "exception": True},
        "Moment": {"type": "timestamp"},
        "Gone": {"type": "string"},
    },
}


def test_the_shapes_of_reading_and_of_errors_are_kept_without_prose() -> None:
    told = read(json.dumps(SERVICE).encode())
    shapes = told["shapes"]

    assert list(told["operations"]) == ["ListBeds"]
    assert list(shapes) == ["Asked", "Beds", "Bed", "Text", "Number", "Full", "Closed", "Moment"]
    assert shapes["Asked"] == {"type": "structure", "members": {"shape": {"shape": "Text"}}}
    assert shapes["Beds"] == {"type": "list", "member": {"shape": "Bed"}}
    assert shapes["Asked"] is shapes["Asked"]
    assert "Gone" not in shapes
    with pytest.raises(KeyError):
        shapes["Gone"]


def test_however_somebody_looks_a_shape_is_the_same() -> None:
    shapes = read(json.dumps(SERVICE).encode())["shapes"]
    text = {"type": "string"}

    assert shapes.get("Text") == text
    assert shapes.get("Gone") is None
    assert dict(shapes.items())["Text"] == text
    assert text in shapes.values()
    assert isinstance(shapes["Bed"], dict)


def test_events_are_called_what_botocore_calls_them() -> None:
    stock = botocore.session.get_session().get_component("event_emitter")
    assert isinstance(stock, botocore.hooks.EventAliaser)
    ours = Aliaser(stock._emitter, stock._event_aliases)  # noqa: SLF001 - it is what is compared
    names = [
        *(f"before-call.{old}.Describe" for old in stock._event_aliases),  # noqa: SLF001 - as above
        *(
            "before-call.s3.ListBuckets",
            "request-created.ec2",
            "choose-signer.s3",
            "docs.*.iam.complete-section",
        ),
    ]

    for name in names:
        assert ours._alias_event_name(name) == stock._alias_event_name(name)  # noqa: SLF001 - as above
