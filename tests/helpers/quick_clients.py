"""Clients of boto3 in less time: what depends on the service only is made once in a process."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.client import ClientCreator


def make_once() -> None:
    """Keep the services' models, and the classes of their clients, for all sessions of this process."""
    botocore.session.create_loader = cache(botocore.session.create_loader)
    make, made = ClientCreator._create_client_class, {}

    def make_once(creator: ClientCreator, service_name: str, service_model: Any) -> Any:
        if service_name not in made:
            made[service_name] = make(creator, service_name, service_model)
        return made[service_name]

    ClientCreator._create_client_class = make_once
