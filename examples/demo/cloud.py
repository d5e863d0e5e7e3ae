"""An AWS account that lives in this process: moto's server, on a loopback port that was free.

Its address is the first line of standard output. It ends when its standard input does, so that it never
outlives whoever started it. What moto cannot do, nobody may do here: it is denied in AWS's words, as it is
to any auditor who was not given the permission.
"""

import json
import os
import sys
import threading
from collections.abc import Iterable
from typing import Any

# Hundreds of Amazon's own images would come with a snapshot each, as if they were the hospital's.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

CALLER = "arn:aws:sts::123456789012:user/moto"


class Account(DomainDispatcherApplication):
    """What moto answers, and a denial where it has no answer."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        try:
            answer: Iterable[bytes] = super().__call__(environ, start_response)
        except NotImplementedError:
            # Services that name the operation in this header take an error as JSON.
            operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
            if not operation:
                raise
            start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
            return [_denial(f"{_service(environ)}:{operation}")]
        return answer


def _service(environ: dict[str, Any]) -> str:
    """Whom the request is signed for: Credential=KEY/date/region/service/aws4_request."""
    return str(environ["HTTP_AUTHORIZATION"]).split("/")[3]


def _denial(action: str) -> bytes:
    said = f"User: {CALLER} is not authorized to perform: {action}"
    return json.dumps({"__type": "AccessDeniedException", "message": said}).encode()


def main() -> None:
    """Answer until nobody holds the other end of standard input."""
    account = Account(create_backend_app)
    server = make_server("127.0.0.1", 0, account, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
