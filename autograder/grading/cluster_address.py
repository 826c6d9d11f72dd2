"""Which addresses of a cluster may be used: Dask's messages are pickles, so whoever can send one runs code.

On this machine's loopback network only its own users can, and through TLS only holders of a certificate.
"""

from __future__ import annotations

import ipaddress
import re
import socket

from autograder.grading.errors import ClusterError

ADDRESS = re.compile(
    r"(?:(?P<protocol>[a-z]+)://)?(?:\[(?P<ipv6>[^\[\]/@]+)\]|(?P<host>[^\[\]:/@\s]+)):\d{1,5}/?"
)


def require_private(address: str, *, insecure: bool = False) -> None:
    """Return when ``address`` can be reached from this machine only or is encrypted, or when ``insecure`` is allowed.

    Args:
        address: as a scheduler prints it: ``tcp://10.0.0.1:8786``, ``tls://…``, ``localhost:8786``, ``tcp://[::1]:8786``.

    Raises:
        ClusterError: it is neither; the message says what to do.
    """
    if not insecure and not is_private(address):
        raise ClusterError(
            f"{address} is neither on this machine's loopback network nor tls://: everybody who reaches it could run "
            "code here and on the workers. Use TLS (docs/cluster.md, Security), or allow it with --insecure-cluster "
            "on a network that only you reach."
        )


def is_private(address: str) -> bool:
    """Whether ``address`` is ``tls://``, or a loopback address; a host's name counts when all its addresses are."""
    found = ADDRESS.fullmatch(address.strip())
    if found is None:
        return False
    if found["protocol"] == "tls":
        return True
    if found["protocol"] not in (None, "tcp"):
        return False
    name = found["ipv6"] or found["host"]
    try:
        addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    except (OSError, UnicodeError):
        return False
    return bool(addresses) and all(_is_loopback(one) for one in addresses)


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
