"""The pipeline's own tables and views: compare the catalog with their definitions, and restore them.

CloudFormation does not notice when somebody drops a table by Athena or Glue: deploying the same template
changes nothing. A table that is created again by Glue's API under the same name is the stack's again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import Trouble, trouble_of
from logctl.ops.deployment import Deployment
from logctl.stack.catalog_tables import Fault, database_input, fault_of, lacking, table_inputs


@dataclass(frozen=True)
class Faults:
    """The tables and views that the catalog lacks or that differ from their definitions."""

    database: str
    tables: dict[str, Fault]

    def __bool__(self) -> bool:
        return bool(self.tables)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name, fault in self.tables.items() if fault is Fault.MISSING)

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(name for name, fault in self.tables.items() if fault is Fault.CHANGED)

    @property
    def told(self) -> str:
        """The faults as part of a sentence: `logs_raw is missing, logs was changed`."""
        return lacking(self.missing, self.changed)


def faults(deployment: Deployment) -> Faults:
    """Compare the catalog with the definitions that the template has."""
    glue, names = deployment.aws.glue, deployment.names
    found: dict[str, Fault] = {}
    for name, wanted in _wanted(deployment).items():
        try:
            there = glue.get_table(DatabaseName=names.database, Name=name)["Table"]
        except ClientError as error:
            if trouble_of(error) is not Trouble.MISSING:
                raise
            there = None
        fault = fault_of(wanted, there)
        if fault is not None:
            found[name] = fault
    return Faults(names.database, found)


def _wanted(deployment: Deployment) -> dict[str, dict[str, object]]:
    return table_inputs(deployment.names, lambda prefix: f"s3://{deployment.bucket}/{prefix}")


def restore(deployment: Deployment, found: Faults) -> None:
    """Create missing tables and views, and the database; restore the definitions of changed ones.

    A table that is created again has no partitions until `repair` has registered them.
    """
    glue, database = deployment.aws.glue, deployment.names.database
    wanted: Any = _wanted(deployment)

    def make(name: str) -> None:
        glue.create_table(DatabaseName=database, TableInput=wanted[name])

    for name, fault in found.tables.items():
        if fault is Fault.CHANGED:
            glue.update_table(DatabaseName=database, TableInput=wanted[name])
            continue
        try:
            make(name)
        except ClientError as error:
            if trouble_of(error) is not Trouble.MISSING:
                raise
            description: Any = database_input(deployment.names)
            glue.create_database(DatabaseInput=description)
            make(name)
