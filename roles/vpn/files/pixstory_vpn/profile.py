"""A person's client profile: one .ovpn file with everything in it."""

from __future__ import annotations


def render(name: str, settings: dict, parts: dict[str, str]) -> str:
    """The profile.

    Args:
        name: The person.
        settings: Of the server: endpoint, port, protocol, ciphers, TLS.
        parts: What stands inline: ``ca``, ``cert``, ``key``, ``tls-crypt``.
    """
    lines = [
        f"# {settings['name']}: profile of {name}. It holds a private key: treat it as one.",
        f"# User name: {name}. Password: the six digits that the authenticator app shows; each serves once.",
        "client",
        "dev tun",
        f"proto {settings['protocol']}",
        f"remote {settings['endpoint']} {settings['port']}",
        "resolv-retry infinite",
        "nobind",
        "persist-tun",
        "remote-cert-tls server",
        "verify-x509-name server name",
        f"tls-version-min {settings['tls_version_min']}",
        f"data-ciphers {':'.join(settings['ciphers'])}",
        "auth-user-pass",
        "auth-nocache",
        "verb 3",
    ]
    if settings["protocol"] == "udp":
        lines.append("explicit-exit-notify 1")
    for part, text in parts.items():
        lines += [f"<{part}>", text.strip(), f"</{part}>"]
    return "\n".join(lines) + "\n"
