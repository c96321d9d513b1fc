"""Where a request comes from: nobody chooses the address that is written down for them."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from accounts.addresses import client_ip

PROXY, CLIENT, LIAR = "10.0.0.1", "192.0.2.7", "198.51.100.9"


def request_from(peer, forwarded=None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory(REMOTE_ADDR=peer).get("/", headers=headers)


@pytest.fixture
def behind_proxies(settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"), "unix"]


def test_without_a_proxy_the_connection_counts_whatever_a_header_says():
    assert client_ip(request_from(CLIENT, forwarded=LIAR)) == CLIENT


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{LIAR}, {CLIENT}", CLIENT),
        (PROXY, f"{LIAR}, {CLIENT}, 10.0.0.2", CLIENT),
        (PROXY, f"{CLIENT}:51234", CLIENT),
        (PROXY, "[2001:db8::5]:443", "2001:db8::5"),
        (PROXY, f"::ffff:{CLIENT}", CLIENT),
        (PROXY, "fe80::1%" + "x" * 100, "fe80::1"),
        (PROXY, "10.0.0.3", "10.0.0.3"),
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, f"{CLIENT}, nonsense", PROXY),
        (PROXY, f"{CLIENT}, nonsense, 10.0.0.2", "10.0.0.2"),
        ("2001:db8:1::9", CLIENT, CLIENT),
        ("", CLIENT, CLIENT),
        ("", None, "unknown"),
        (CLIENT, LIAR, CLIENT),
    ],
)
def test_behind_proxies_the_first_stranger_from_the_right_counts(behind_proxies, peer, forwarded, expected):
    assert client_ip(request_from(peer, forwarded)) == expected


def test_a_connection_without_an_address_is_trusted_only_where_settings_say_so():
    assert client_ip(request_from("", forwarded=LIAR)) == "unknown"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_whatever_a_client_writes_does_not_change_what_the_proxy_adds(forwarded):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.TRUSTED_PROXIES", [ip_network("10.0.0.0/8")])
        assert client_ip(request_from(PROXY, f"{forwarded}, {CLIENT}")) == CLIENT
        assert len(client_ip(request_from(PROXY, forwarded))) <= 45
