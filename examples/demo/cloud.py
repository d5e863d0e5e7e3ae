"""An AWS account that lives in this process: moto's server, on a loopback port that was free.

Its address is the first line of standard output; it ends when its standard input does, so that it
never outlives whoever started it.
"""

import os
import sys

# Hundreds of Amazon's own images would come with a snapshot each, as if they were the hospital's.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

from moto.moto_server.threaded_moto_server import ThreadedMotoServer


def main() -> None:
    """Answer until nobody holds the other end of standard input."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    address, port = server.get_host_and_port()
    print(f"http://{address}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
