"""Where a link may lead: inner networks are refused by address, by name, by redirect and by a name that changes."""

from __future__ import annotations

import datetime as dt
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fetch_site import NOT_PUBLIC, OTHER_PUBLIC, PUBLIC, Internet, Names, answer, files_in, redirect, refused, serving

from ipynemo.backend.fetch import Fetcher
from ipynemo.errors import ConnectionFailedError, InvalidRequestError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("file:///etc/passwd", "not a link that can be fetched"),
        ("ftp://example.org/a", "not a link that can be fetched"),
        ("gopher://example.org/", "not a link that can be fetched"),
        ("data:text/plain,hello", "not a link that can be fetched"),
        ("robot.png", "not a link that can be fetched"),
        ("http://", "not a link that can be fetched"),
        ("http://[::1", "not a link that can be fetched"),
        ("http://example.org:99999/", "not a link that can be fetched"),
        ("http://0177.0.0.1/", "not a link that can be fetched"),
        ("http://example.org/\r\nX: y", "not a link that can be fetched"),
        ("http://example.org/" + "a" * 9000, "not a link that can be fetched"),
        ("http://me:secret@example.org/a", "holds a user name or password"),
        ("http://me@example.org/a", "holds a user name or password"),
        ("http://example.org:22/a", "names port 22; only 80, 443, 8080, 8443 are fetched"),
        ("https://example.org:6379/a", "names port 6379"),
    ],
)
async def test_a_link_of_the_wrong_form_is_refused_before_anything_is_asked(
    tmp_path: Path, url: str, text: str
) -> None:
    names = Names(example=[[PUBLIC]])
    message, dialled = await refused(url, tmp_path, names=names)
    assert text in message
    assert "secret" not in message
    assert (names.asked, dialled) == ([], [])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "localhost",
    ],
)
async def test_an_inner_address_is_refused_by_the_real_resolver(tmp_path: Path, host: str) -> None:
    async with serving({"/": answer(b"inside")}) as site:
        internet = Internet(site)
        with pytest.raises(InvalidRequestError) as caught:
            await Fetcher(dial=internet).fetch(f"http://{host}:8080/", tmp_path / "a", max_bytes=1000)
    assert str(caught.value) == NOT_PUBLIC.format(host.strip("[]"))
    assert (internet.dialled, site.requests) == ([], [])


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "1.2.3.4."])
async def test_a_disguised_address_is_refused_without_being_resolved(tmp_path: Path, host: str) -> None:
    names = Names()
    message, dialled = await refused(f"http://{host}/", tmp_path, names=names)
    assert message == NOT_PUBLIC.format(host)
    assert (names.asked, dialled) == ([], [])


async def test_names_that_are_private_mixed_or_unknown_cannot_be_told_apart(tmp_path: Path) -> None:
    names = Names(
        private=[["10.0.0.5"]],
        mixed=[[PUBLIC, "10.0.0.5"]],
        turned=[["10.0.0.5", PUBLIC]],
        scoped=[["fe80::1%eth0"]],
        unknown=[[]],
    )
    for host in ("private", "mixed", "turned", "scoped", "unknown"):
        message, dialled = await refused(f"http://{host}.example/", tmp_path, names=names)
        assert message == NOT_PUBLIC.format(f"{host}.example")
        assert dialled == []


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "//inner.example/x",
        "http://0x7f.1/",
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_into_an_inner_network_is_refused(tmp_path: Path, target: str, status: str) -> None:
    async def names(host: str, port: int) -> list[str]:
        return {"files.example": [PUBLIC], "inner.example": ["192.168.0.9"]}.get(host, [host.strip("[]")])

    async with serving({"/a": redirect(target, status)}) as site:
        internet = Internet(site)
        with pytest.raises(InvalidRequestError) as caught:
            await Fetcher(resolve=names, dial=internet).fetch("http://files.example/a", tmp_path / "a", max_bytes=1000)
    assert str(caught.value) == NOT_PUBLIC.format("files.example")
    assert internet.dialled == [(PUBLIC, 80)]
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("file:///etc/passwd", "not a link that can be fetched"),
        ("http://me:pw@files.example/", "holds a user name or password"),
        ("http://files.example:25/", "names port 25"),
        ("http://files.example:x/", "leads to no valid link"),
    ],
)
async def test_a_redirect_to_a_link_of_the_wrong_form_is_refused(tmp_path: Path, target: str, text: str) -> None:
    message, _ = await refused(
        "http://files.example/a", tmp_path, names=Names(files=[[PUBLIC]]), pages={"/a": redirect(target)}
    )
    assert text in message


async def test_a_name_that_changes_its_address_is_connected_where_it_was_checked(tmp_path: Path) -> None:
    names = Names(rebinding=[[PUBLIC], ["127.0.0.1"]])
    async with serving({"/a": answer(b"public")}) as site:
        internet = Internet(site)
        await Fetcher(resolve=names, dial=internet).fetch("http://rebinding.example/a", tmp_path / "a", max_bytes=1000)
    assert names.asked == ["rebinding.example"]
    assert internet.dialled == [(PUBLIC, 80)]


async def test_a_name_that_changes_its_address_between_two_redirects_is_checked_again(tmp_path: Path) -> None:
    names = Names(rebinding=[[PUBLIC], ["127.0.0.1"]])
    message, dialled = await refused(
        "http://rebinding.example/a", tmp_path, names=names, pages={"/a": redirect("/b"), "/b": answer(b"inside")}
    )
    assert message == NOT_PUBLIC.format("rebinding.example")
    assert dialled == [(PUBLIC, 80)]


async def test_the_next_address_is_tried_when_one_does_not_answer(tmp_path: Path) -> None:
    async with serving({"/a": answer(b"x")}) as site:
        internet = Internet(site, dead=(PUBLIC,))
        fetcher = Fetcher(resolve=Names(two=[[PUBLIC, OTHER_PUBLIC]]), dial=internet)
        await fetcher.fetch("http://two.example:8080/a", tmp_path / "a", max_bytes=1000)
    assert internet.dialled == [(PUBLIC, 8080), (OTHER_PUBLIC, 8080)]


async def test_a_server_that_cannot_be_reached_is_a_connection_failure(tmp_path: Path) -> None:
    async with serving({}) as site:
        fetcher = Fetcher(resolve=Names(gone=[[PUBLIC]]), dial=Internet(site, dead=(PUBLIC,)))
        with pytest.raises(ConnectionFailedError, match=r"The link to gone\.example failed: it cannot be reached\."):
            await fetcher.fetch("http://gone.example/a", tmp_path / "a", max_bytes=1000)


def tls_for(host: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return contexts for a server that proves to be `host`, and for a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(private + certificate.public_bytes(pem))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    (folder / "both.pem").unlink()
    return server, ssl.create_default_context(cadata=certificate.public_bytes(pem).decode())


async def test_a_pinned_address_still_has_to_prove_the_hosts_name(tmp_path: Path) -> None:
    server, client = tls_for("files.example", tmp_path)
    asked: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with serving({"/a": answer(b"x")}, server) as site:
        names = Names(files=[[PUBLIC]], others=[[PUBLIC]])
        fetcher = Fetcher(resolve=names, dial=Internet(site), ssl_context=client)
        assert (await fetcher.fetch("https://files.example/a", tmp_path / "a", max_bytes=10)).size_bytes == 1
        with pytest.raises(ConnectionFailedError, match=r"others\.example failed: its certificate is not valid"):
            await fetcher.fetch("https://others.example/a", tmp_path / "b", max_bytes=10)
    assert asked == ["files.example", "others.example"]
    assert "Host: files.example\r\n" in site.requests[0]


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server, _ = tls_for("files.example", tmp_path)
    async with serving({"/a": answer(b"x")}, server) as site:
        fetcher = Fetcher(resolve=Names(files=[[PUBLIC]]), dial=Internet(site))
        with pytest.raises(ConnectionFailedError, match="its certificate is not valid"):
            await fetcher.fetch("https://files.example/a", tmp_path / "a", max_bytes=10)
