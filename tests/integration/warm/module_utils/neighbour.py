from __future__ import annotations

NAME = "next to the playbook"
