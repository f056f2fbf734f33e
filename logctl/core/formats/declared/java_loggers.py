"""Formats of loggers for Java and other languages of its virtual machine: log4j, Logback, java.util.logging."""

from __future__ import annotations

from logctl.core.formats.reading import Answer, Example, Format

FORMATS = (
    Format(
        "spring boot",
        "Spring Boot's default console and file output",
        r"<time>\s+<level>\s+(?P<pid>\d+)\s+---\s+(?:\[(?P<app>[^\]\n]*)\]\s+)?\[\s*(?P<thread>[^\]\n]*)\]\s+"
        r"(?:\[(?P<trace_id>[0-9a-f]{16,32})-(?P<span_id>[0-9a-f]{16})\]\s+)?(?P<logger>\S+)\s*:\ ?",
        examples=(
            Example(
                "2026-11-27 10:15:30.123  INFO 812 --- [           main] c.acme.shop.Application  : Started in 3.1 s",
                (
                    Answer(
                        "2026-11-27T10:15:30.123Z",
                        "INFO",
                        "Started in 3.1 s",
                        {"pid": 812, "thread": "main", "logger": "c.acme.shop.Application"},
                    ),
                ),
            ),
        ),
    ),
)
