"""All declared formats, in the order in which they are tried."""

from __future__ import annotations

from logctl.core.formats.declared import (
    access_logs,
    aws_logs,
    cloud_platforms,
    desktop_programs,
    devices,
    document_stores,
    dotnet_loggers,
    go_loggers,
    java_loggers,
    javascript_loggers,
    message_brokers,
    network_services,
    other_servers,
    php_ruby_loggers,
    python_loggers,
    rust_loggers,
    sql_databases,
    supercomputers,
    system_logs,
    web_servers,
)
from logctl.core.formats.reading import Format

FORMATS: tuple[Format, ...] = (
    *aws_logs.FORMATS,
    *python_loggers.FORMATS,
    *supercomputers.FORMATS,
    *devices.FORMATS,
    *system_logs.FORMATS,
    *sql_databases.FORMATS,
    *document_stores.FORMATS,
    *java_loggers.FORMATS,
    *dotnet_loggers.FORMATS,
    *go_loggers.FORMATS,
    *rust_loggers.FORMATS,
    *javascript_loggers.FORMATS,
    *php_ruby_loggers.FORMATS,
    *message_brokers.FORMATS,
    *web_servers.FORMATS,
    *network_services.FORMATS,
    *cloud_platforms.FORMATS,
    *other_servers.FORMATS,
    *desktop_programs.FORMATS,
    *access_logs.FORMATS,
)
