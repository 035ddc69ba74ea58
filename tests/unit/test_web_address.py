"""Which addresses may be asked for somebody."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.web_address import WebAddressError, https, public


@pytest.mark.parametrize(
    "url", ["https://example.com/a?b=c", "https://example.com:8443/", "https://8.8.8.8/"]
)
def test_https_to_the_world_may_be_asked(url: str) -> None:
    assert https(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https:///path", "example.com", "",
        "https://user@example.com/", "https://user:pass@example.com/", "https://example.com:0/",
        "https://example.com:99999/", "https://[::1/", "https://127.0.0.1/", "https://[::1]/",
        "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/",
        "https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]:8443/",
        "https://[64:ff9b::10.0.0.1]/", "https://[2002:a9fe:a9fe::]/", "https://[::127.0.0.1]/",
        "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fd00:ec2::254]/",
        "https://[2001:4860:4860::8888%25eth0]/", "https://good.test\\@10.0.0.1/",
    ],
)  # fmt: skip
def test_anything_else_may_not(url: str) -> None:
    with pytest.raises(WebAddressError):
        https(url)


@pytest.mark.parametrize(
    "ip",
    [
        "8.8.8.8", "2001:4860:4860::8888", "2a00:1450:4001:80e::200e", "::ffff:8.8.8.8",
        "64:ff9b::808:808", "2002:808:808::1",
    ],
)  # fmt: skip
def test_public(ip: str) -> None:
    assert public(ip)


V4 = st.integers(0, 2**32 - 1).map(IPv4Address)


@given(V4 | st.integers(0xA9FE0000, 0xA9FEFFFF).map(IPv4Address))
def test_a_disguise_of_ipv6_opens_no_door(inner: IPv4Address) -> None:
    bits = int(inner)
    for disguised in ((0xFFFF << 32) | bits, (0x64FF9B << 96) | bits, (0x2002 << 112) | bits << 80):
        assert public(str(IPv6Address(disguised))) == public(str(inner))
    for disguised in (bits, (0xFFFF << 48) | bits, (0x64FF9B0001 << 80) | bits):
        assert not public(str(IPv6Address(disguised)))


@given(st.integers(0, 2**16 - 1))
def test_nothing_link_local_is_public(low: int) -> None:
    """169.254.0.0/16: where clouds answer with credentials."""
    assert not public(str(IPv4Address(0xA9FE0000 | low)))


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        # An IPv4 address in what was once its disguise: compatible, translated, local NAT64.
        "::127.0.0.1", "::a9fe:a9fe", "::ffff:0:127.0.0.1", "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::1", "2002:a00:1:8::",
        # Site-local, for documentation, for routing by segments; what nobody has been given.
        "fec0::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "4000::1",
        "192.0.0.8", "192.0.0.170", "192.88.99.1", "240.0.0.1",
        # With a zone it is of a link, whatever it looks like.
        "2001:4860:4860::8888%eth0", "fe80::1%25eth0", "8.8.8.8%1",
    ],
)  # fmt: skip
def test_not_public(ip: str) -> None:
    assert not public(ip)
