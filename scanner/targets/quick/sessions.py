"""HTTP by the shortest way: certificates loaded once, a connection that there is asked at once.

Whatever is not an ordinary question goes the usual way. Connecting, proxies, timeouts and what their failures
are called stay urllib3's and botocore's.
"""

import http.client
import queue
import ssl
from contextlib import suppress
from functools import cache
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSHTTPSConnectionPool, AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path

from .connections import Connection

_HOSTS = 64
"""How many hosts a client keeps connections to: a service's in every region there is."""
_FRESH_SECONDS = 2.0
"""For how long a connection that was just used counts as one, without a look."""


class Pool(AWSHTTPSConnectionPool):
    """Connections of the quicker kind."""

    ConnectionCls = Connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.left_at = monotonic()
        super()._put_conn(conn)

    def idle(self) -> Any:
        """A connection that was used before and still is one; None when there is none."""
        pool: Any = self.pool
        try:
            connection = pool.get(block=False)
        except (queue.Empty, AttributeError):  # all are in use, or it was closed
            return None
        if connection is not None and connection.sock is not None:
            # To look whether the other end is there is a call of the kernel's.
            if monotonic() - connection.left_at < _FRESH_SECONDS or connection.is_connected:
                return connection
            connection.close()
        self._put_conn(connection)
        return None


class Trusting(URLLib3Session):
    """A session that loads certificates once."""

    def __init__(self, **given: Any) -> None:
        self._trusts: ssl.SSLContext | None = None
        self._pools: dict[str, Any] = {}
        """By what addresses begin with, who connects to a host."""
        # With a certificate of its own, or for its proxy, a context cannot be shared.
        if given.get("verify") and not given.get("client_cert") and not given.get("proxies_config"):
            with suppress(OSError):  # botocore tells so when it connects
                self._trusts = _context(get_cert_path(given["verify"]))
        super().__init__(**given)
        if self._trusts:
            self._pool_classes_by_scheme["https"] = Pool

    def send(self, request: Any) -> Any:
        """Ask, by a connection that there is if it can be."""
        origin = _origin(request.url)
        known = self._pools.get(origin)
        answer = None if known is None else self._asked(known, request, request.url[len(origin) :])
        if answer is not None:
            return answer
        return super().send(request)

    @staticmethod
    def _asked(known: Any, request: Any, target: str) -> Any:
        """An answer by a connection that there is; None when there is none, or it came to an end.

        Raises:
            ReadTimeoutError: nothing came.
        """
        connection = None if request.stream_output or "#" in target else known.idle()
        if connection is None:
            return None
        try:
            answer = connection.plainly(
                request.method, target, request.body, request.headers, known.timeout.read_timeout
            )
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from None
        except (OSError, http.client.HTTPException):
            # Whoever kept it may have let go of it just now: asked anew, it shows what is wrong.
            connection.close()
            return None
        except BaseException:
            connection.close()
            raise
        finally:
            known._put_conn(connection)
        if answer is None:
            return None
        told = AWSResponse(request.url, answer.status, answer.headers, answer)
        told.content  # noqa: B018 - it is read here
        return told

    def leave(self, hosts: set[str]) -> None:
        """Close the connections to some hosts."""
        for origin in [each for each in list(self._pools) if urlsplit(each).hostname in hosts]:
            self._pools.pop(origin, None)
        for manager in (self._manager, *self._proxy_managers.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it cannot be iterated over
                if key.key_host in hosts:
                    with suppress(KeyError):
                        del manager.pools[key]

    def close(self) -> None:
        """Close all connections."""
        self._pools.clear()  # urllib3 closes those of which it is the last to know
        super().close()

    def _get_pool_manager_kwargs(self, **more: Any) -> Any:
        return super()._get_pool_manager_kwargs(**{"num_pools": _HOSTS, **more})

    def _get_ssl_context(self) -> Any:
        return self._trusts or super()._get_ssl_context()

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        super()._setup_ssl_cert(conn, url, verify)
        if type(conn) is Pool:
            self._pools[_origin(url)] = conn
        # To a proxy that is itself asked over TLS, urllib3 connects by what is set here.
        if self._trusts and not (conn.proxy and conn.proxy.scheme == "https"):
            conn.ca_certs = None


def _origin(url: str) -> str:
    """What an address begins with, of whoever is asked over TLS."""
    return url[: url.find("/", len("https://"))]


@cache
def _context(bundle: str) -> ssl.SSLContext:
    context: ssl.SSLContext = create_urllib3_context()
    context.load_verify_locations(bundle)
    return context
