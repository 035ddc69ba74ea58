"""Which addresses may be asked for somebody."""

import pytest

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
    ],
)  # fmt: skip
def test_anything_else_may_not(url: str) -> None:
    with pytest.raises(WebAddressError):
        https(url)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_public(ip: str) -> None:
    assert public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_not_public(ip: str) -> None:
    assert not public(ip)
