"""Certificates that nobody vouches for but who has the file, made anew for each test by `openssl`."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    file: Path  # whoever reads it as that of an authority trusts it
    context: ssl.SSLContext  # of a server


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> Certificate:
    """One for a name, as `subjectAltName` writes it."""
    key, made = folder / "key.pem", folder / "certificate.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"]
    whose = ["-subj", "/CN=test", "-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(made)]
    subprocess.run(["openssl", "req", "-x509", *curve, *whose], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return Certificate(made, context)
