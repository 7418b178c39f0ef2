"""The configuration of the proxy, without a machine; molecule/proxy tests what nginx does with it."""

from __future__ import annotations

import importlib.util
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.unit.roles.refusals import PASSED, refusals
from tests.unit.roles.rendering import ROLES, render

RULES = yaml.safe_load((ROLES / "proxy" / "vars" / "main.yml").read_text())
OPTIONS = yaml.safe_load((ROLES / "proxy" / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"][
    "options"
]
TOKEN = re.compile(r"""\s+|\#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[;{}]|[^\s;{}"']+""")


@dataclass
class Directive:
    name: str
    arguments: list[str]
    block: list[Directive] | None = None
    inside: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[Directive]:
        """Those of its block with that name."""
        return [each for each in self.block or [] if each.name == name]

    def values(self, name: str) -> list[list[str]]:
        return [each.arguments for each in self.all(name)]


def parse(text: str) -> Directive:
    """nginx's configuration as a tree. A brace too many or too few, or a missing semicolon before one, is an error."""
    root = Directive("main", [], [])
    stack, words = [root], []
    position = 0
    while position < len(text):
        found = TOKEN.match(text, position)
        assert found, f"not a token: {text[position : position + 40]!r}"
        position, token = found.end(), found.group()
        if token.isspace() or token.startswith("#"):
            continue
        if token == "}":
            assert not words, f"no semicolon after {words}"
            assert len(stack) > 1, "a brace too many"
            stack.pop()
        elif token in ";{":
            assert words, f"nothing before {token}"
            new = Directive(words[0], words[1:], [] if token == "{" else None)
            stack[-1].block.append(new)
            words = []
            if token == "{":
                stack.append(new)
        else:
            words.append(token[1:-1] if token[0] in "\"'" else token)
    assert len(stack) == 1, f"{stack[-1].name} is not closed"
    assert not words, f"no semicolon after {words}"
    return root


def http(release: int = 13, **variables: Any) -> Directive:
    (found,) = parse(render("proxy", "nginx.conf.j2", release, **variables)).all("http")
    return found


def servers(found: Directive) -> dict[str, Directive]:
    """By the first port that they listen on and their first name."""
    return {
        f"{server.values('listen')[0][0]} {(server.values('server_name') or [['-']])[0][0]}": server
        for server in found.all("server")
    }


def walk(found: Directive) -> Iterator[Directive]:
    for each in found.block or []:
        yield each
        yield from walk(each)


@pytest.mark.parametrize("text", ["a {", "a }", "a b", "a { b }", "a; }", "{ }"])
def test_the_parser_refuses_what_nginx_would(text: str) -> None:
    with pytest.raises(AssertionError):
        parse(text)


VARIANTS: list[dict[str, Any]] = [
    {},
    {"proxy_http_port": 8080, "proxy_http2": False, "proxy_server_names": ["a.example", "*.b.example"]},
    {"proxy_cache_paths": [], "proxy_sign_in_paths": [], "proxy_hsts_max_age": 0, "proxy_headers": {}},
    {"proxy_purge_addresses": ["10.0.0.5"], "proxy_trusted_cidrs": ["10.0.0.0/20", "2001:db8::/64"]},
    {"proxy_certificate": "PEM", "proxy_certificate_key": "PEM", "proxy_settings_from_first_boot": True},
]


@pytest.mark.parametrize("release", [12, 13])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_whole(variant: dict[str, Any], release: int) -> None:
    found = http(release, **variant)
    # One add_header, or one proxy_set_header, in a location drops all those around it.
    assert [each for server in found.all("server") for each in walk(server) if each.name == "add_header"] == []
    common = set(RULES["__proxy_request_headers"])
    for location in (each for each in walk(found) if each.name == "location"):
        given = {name for name, _ in location.values("proxy_set_header")}
        assert "internal" in [each.name for each in location.block or []] or not given or common <= given
        # Nothing reaches a backend without limits, except the questions of /readyz.
        if location.values("proxy_pass") and not location.arguments[-1].startswith("/.readyz/"):
            assert [each[0] for each in location.values("limit_req")] == [
                "zone=general",
                "zone=posting",
                "zone=sign_in",
            ]
            assert location.values("limit_conn") == [["connections", "100"]]
    # A literal host would be looked up once, when nginx starts.
    assert all(each.arguments[0].startswith("$") for each in walk(found) if each.name == "proxy_pass")


@pytest.mark.parametrize(
    "template", ["nginx.service.conf.j2", "logrotate.j2", "logrotate.timer.conf.j2", "proxy.env.j2"]
)
def test_the_other_files_say_that_ansible_wrote_them(template: str) -> None:
    assert render("proxy", template).startswith("# Managed by Ansible\n")


@pytest.mark.parametrize(
    ("release", "http2", "listen", "directive"),
    [
        (12, True, ["443", "ssl", "http2", "default_server"], []),
        (12, False, ["443", "ssl", "default_server"], []),
        (13, True, ["443", "ssl", "default_server"], [["on"]]),
        (13, False, ["443", "ssl", "default_server"], []),
    ],
)
def test_http2_as_this_nginx_knows_it(release: int, http2: bool, listen: list[str], directive: list[list[str]]) -> None:
    server = servers(http(release, proxy_http2=http2))["443 -"]
    assert server.values("listen") == [listen]
    assert server.values("http2") == directive


def test_it_listens_on_443_and_on_loopback_only() -> None:
    listens = [each for server in http().all("server") for each in server.values("listen")]
    assert listens == [["443", "ssl", "default_server"], ["127.0.0.1:8081"]]


def test_with_names_other_hosts_get_health_and_nothing_else() -> None:
    found = servers(http(proxy_server_names=["a.example"]))
    assert set(found) == {"443 _", "443 a.example", "127.0.0.1:8081 -"}
    assert [each.values("return") for each in found["443 _"].all("location") if each.arguments == ["/"]] == [[["444"]]]
    for path in ("/healthz", "/readyz"):
        assert ["=", path] in found["443 _"].values("location")
    assert [each for each in found["443 a.example"].values("listen") if "default_server" in each] == []


@pytest.mark.parametrize(
    ("variables", "present"),
    [
        ({}, False),
        ({"proxy_purge_addresses": ["10.0.0.5", "10.1.0.0/24"]}, True),
    ],
)
def test_purge_is_for_named_addresses(variables: dict[str, Any], present: bool) -> None:
    found = http(**variables)
    purges = [each.arguments for each in walk(found) if each.name == "proxy_cache_purge"]
    assert purges == ([["PURGE", "from", "10.0.0.5", "10.1.0.0/24"]] * 2 if present else [])
    (refused,) = [each for each in found.all("map") if each.arguments[1] == "$proxy_method_refused"]
    assert [each.name for each in refused.block or [] if "PURGE" in each.name] == (
        ["~^PURGE (/api/photos/|/static/)"] if present else []
    )


def test_cached_paths_go_where_their_prefix_says_and_tell_nothing_of_the_client() -> None:
    server = servers(http(proxy_cache_paths=["/api/photos/", "/news/"]))["443 -"]
    cached = {each.arguments[0]: each for each in server.all("location") if each.values("proxy_cache")}
    assert {path: each.values("proxy_pass") for path, each in cached.items()} == {
        "/api/photos/": [["$proxy_app"]],
        "/news/": [["$proxy_web"]],
    }
    for location in cached.values():
        assert {"Cookie", "Authorization"} <= {name for name, value in location.values("proxy_set_header") if not value}


def test_nobody_is_believed_about_the_client_by_default() -> None:
    assert http().values("set_real_ip_from") == []
    assert http(proxy_trusted_cidrs=["10.0.0.0/20"]).values("set_real_ip_from") == [["10.0.0.0/20"]]


def test_the_log_holds_no_query_string() -> None:
    (log_format,) = http().values("log_format")
    line = "".join(log_format)
    assert "$request_method" in line
    assert re.findall(r"\$(?:request|request_uri|args|query_string|http_referer)\b", line) == []


def test_an_image_waits_for_its_first_boot() -> None:
    assert "pixstory-first-boot" not in render("proxy", "nginx.service.conf.j2")
    unit = render("proxy", "nginx.service.conf.j2", proxy_settings_from_first_boot=True)
    assert "Requires=pixstory-first-boot.service\nAfter=pixstory-first-boot.service\n" in unit


def test_every_rule_has_its_variable_and_lets_the_default_through() -> None:
    for name, kind in RULES["__proxy_rules"].items():
        default = OPTIONS[name]["default"]
        values = default.values() if isinstance(default, dict) else default if isinstance(default, list) else [default]
        pattern = re.compile(f"^(?:{RULES['__proxy_kinds'][kind]['pattern']})$")
        assert [value for value in values if not pattern.match(str(value))] == [], name


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "url",
            ["http://web.internal", "https://10.0.0.1:8443"],
            ["web.internal", "http://web.internal/", "http://a b", "http://a;b", "ftp://a", "http://$host"],
        ),
        ("network", ["10.0.0.5", "10.0.0.0/20", "2001:db8::/64"], ["0.0.0.0/0", "::/0", "internet", "10.0.0.0/20;"]),
        ("path", ["/", "/static/", "/a-b_c.d~e"], ["static", "/a b", "/a{", "/a$b"]),
        ("duration", ["2s", "500ms", "7d"], ["2", "2 s", "two"]),
        ("host", ["a.example", "*.a.example"], ["a b", "~a", "a.example;", "*"]),
        ("text", ["'self'", "camera=()"], ['a"b', "a$b", "a\nb", "a\\b"]),
        ("port_or_none", ["0", "8080"], ["080", "-1", "http"]),
    ],
)
def test_the_rules(kind: str, good: list[str], bad: list[str]) -> None:
    pattern = re.compile(f"^(?:{RULES['__proxy_kinds'][kind]['pattern']})$")
    assert [value for value in good if not pattern.match(value)] == []
    assert [value for value in bad if pattern.match(value)] == []


REFUSED: dict[str, dict[str, Any]] = {
    "proxy_web_url holds http://web.internal/": {"proxy_web_url": "http://web.internal/"},
    "proxy_app_url holds app.internal (variables of localhost, group_vars/proxy.yml); write scheme, host and": {
        "proxy_app_url": "app.internal"
    },
    "proxy_trusted_cidrs holds 0.0.0.0/0": {"proxy_trusted_cidrs": ["10.0.0.0/8", "0.0.0.0/0"]},
    'proxy_headers holds a"; deny all; #': {"proxy_headers": {"X-Test": 'a"; deny all; #'}},
    "proxy_timeouts holds 10": {"proxy_timeouts": {"send_timeout": 10}},
    "Only one of proxy_certificate and proxy_certificate_key is given": {"proxy_certificate": "PEM"},
    "proxy_https_port, proxy_http_port and proxy_status_port are 443, 443, 8081": {"proxy_http_port": 443},
    "proxy_limits has for posting {'rate': '30'}": {
        "proxy_limits": {
            "general": {"rate": "30r/s", "burst": 1},
            "posting": {"rate": "30"},
            "sign_in": {"rate": "1r/s", "burst": 0},
        }
    },
    "localhost runs Debian 11; role proxy knows Debian 12 and 13": {"release": 11},
    "Move to Debian 13, or write []": {"release": 12, "proxy_purge_addresses": ["10.0.0.5"]},
}


def test_what_is_wrong_is_refused_with_what_to_write(tmp_path: Path) -> None:
    good = {"the defaults": {}, "Debian 12": {"release": 12}, "purge": {"proxy_purge_addresses": ["10.0.0.5"]}}
    answers = refusals("proxy", {**REFUSED, **good}, tmp_path)
    assert [answers.pop(name) for name in good] == [PASSED] * 3
    assert [(wanted, answer) for wanted, answer in answers.items() if wanted not in answer] == []


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    """The program that runs on the machine before nginx starts."""
    spec = importlib.util.spec_from_file_location("proxy_prepare", ROLES / "proxy" / "files" / "proxy_prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_first_boot_has_the_last_word(prepare: ModuleType, tmp_path: Path) -> None:
    role = write(tmp_path / "role.env", render("proxy", "proxy.env.j2", proxy_resolvers=["10.0.0.2", "2001:db8::2"]))
    boot = write(tmp_path / "boot.env", "APP_URL='http://app.example:8000'\nOTHER=x\n")
    text = prepare.upstream_conf(prepare.read_settings([role, boot, tmp_path / "none.env"]))
    assert text.splitlines() == [
        "resolver 10.0.0.2 [2001:db8::2] valid=10s ipv6=off;",
        "map $host $proxy_web { default http://web.internal; }",
        "map $host $proxy_app { default http://app.example:8000; }",
    ]
    assert len(parse(text).block or []) == 3


def test_name_servers_of_the_host(prepare: ModuleType, tmp_path: Path) -> None:
    role = write(tmp_path / "role.env", render("proxy", "proxy.env.j2"))
    resolv_conf = write(
        tmp_path / "resolv.conf", "# one\nsearch internal\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\n"
    )
    text = prepare.upstream_conf(prepare.read_settings([role]), resolv_conf)
    assert text.startswith("resolver 10.0.0.2 [fe80::1] valid=10s ipv6=off;\n")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("WEB_URL=http://a\n", "APP_URL is in none of the settings files"),
        ("WEB_URL=http://a/\nAPP_URL=http://b\n", "WEB_URL='http://a/'; write scheme, host and port only"),
        ("WEB_URL=http://a;x\nAPP_URL=http://b\n", "WEB_URL='http://a;x'"),
        ("WEB_URL=http://a\nAPP_URL=http://b\nRESOLVERS=dns\n", "'dns' is no IP address"),
        ("WEB_URL=http://a\nAPP_URL=http://b\nRESOLVER_VALID=ten\n", "RESOLVER_VALID='ten'; write seconds"),
    ],
)
def test_a_bad_setting_is_refused_with_its_file(
    prepare: ModuleType, tmp_path: Path, settings: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    resolv_conf = write(tmp_path / "resolv.conf", "nameserver 10.0.0.2\n")
    path = write(tmp_path / "proxy.env", settings)
    with pytest.raises(prepare.BadSetting) as refused:
        prepare.upstream_conf(prepare.read_settings([path]), resolv_conf)
    assert message in str(refused.value)
    assert message.startswith("APP_URL is in none") or str(path) in str(refused.value)
    assert prepare.main(["--check", str(path)]) == 1
    assert capsys.readouterr().err.startswith("proxy_prepare: ")


def test_no_name_server_anywhere(prepare: ModuleType, tmp_path: Path) -> None:
    role = write(tmp_path / "role.env", render("proxy", "proxy.env.j2"))
    resolv_conf = write(tmp_path / "resolv.conf", "search internal\n")
    with pytest.raises(prepare.BadSetting, match=r"resolv\.conf: no line `nameserver <address>`"):
        prepare.upstream_conf(prepare.read_settings([role]), resolv_conf)


def test_the_certificate_is_made_once_and_read_by_root_only(prepare: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "certificate.pem"
    prepare.make_certificate(path)
    assert path.stat().st_mode & 0o777 == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(path)
    first = path.read_bytes()
    prepare.make_certificate(path)
    assert path.read_bytes() == first
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_bad_setting_leaves_the_file_that_stands(
    prepare: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write(tmp_path / "proxy.env", "WEB_URL=http://a\nAPP_URL=http://b\nRESOLVERS=10.0.0.2\n")
    monkeypatch.setattr(prepare, "SETTINGS", (settings,))
    run = tmp_path / "run"
    assert prepare.main(["--destination", str(run)]) == 0
    first = (run / "upstream.conf").read_text()
    settings.write_text("WEB_URL=http://a\nAPP_URL=nowhere\nRESOLVERS=10.0.0.2\n")
    assert prepare.main(["--destination", str(run)]) == 1
    assert (run / "upstream.conf").read_text() == first


def test_the_api_says_in_json_that_nobody_answers() -> None:
    """CloudFront puts a page for people in the place of 502 and 504, for the API's programs too."""
    server = next(one for one in http().all("server") if any(each.name == "location" for each in walk(one)))
    places = {" ".join(each.arguments): each for each in server.all("location")}
    assert places["/api/"].values("error_page") == [["502", "504", "=503", "@app_away"]]
    [[status, body]] = places["@app_away"].values("return")
    assert (status, json.loads(body).keys()) == ("503", {"error"})
    assert places["@app_away"].values("default_type") == [["application/json"]]
    # People get CloudFront's page.
    assert places["/"].values("error_page") == []
