"""Addresses that a user or an agent gives: which of them may be asked. Resolves no names."""

import ipaddress
from urllib.parse import urlsplit

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that was ever given out to be reached from everywhere."""
_NEITHER = tuple(
    ipaddress.ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")
)
"""Protocols' own, the old way to 6to4, and documentation: not known to each Python as such."""


class WebAddressError(ValueError):
    """The address may not be asked. The message says why."""


def https(url: str) -> str:
    """The URL, if it is https with a host, and no user name in it.

    Raises:
        WebAddressError: it is not.
    """
    if not url.isprintable() or " " in url:
        # urlsplit would look past some of them.
        raise WebAddressError("not a URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WebAddressError("not a URL") from error
    if parts.scheme != "https":
        raise WebAddressError("the address has to begin with https://")
    if not host or parts.username is not None or parts.password is not None or port == 0:
        raise WebAddressError("the address needs a host, and no user name or password")
    if _is_ip(host) and not public(host):
        raise WebAddressError("the address is not a public one")
    return url


def public(ip: str) -> bool:
    """Whether an IP address is of the public internet: not private, loopback, link-local,
    metadata, multicast, reserved, or any of those in an IPv6 disguise.
    """
    if "%" in ip:
        return False  # of one link, by its zone
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
        if address not in _UNICAST or address.teredo is not None:
            return False
    elsewhere = any(address in each for each in _NEITHER)
    return address.is_global and not address.is_multicast and not elsewhere


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
