"""An environment in the sandbox, provisioned and destroyed below the command line."""

from __future__ import annotations

import re
from typing import Any

from logctl.aws.clients import Aws
from logctl.stack.names import Names
from logctl.stack.provision import Destroyed, Provisioner
from logctl.stack.settings import Settings
from logctl.stack.stack_events import Plan, StackEvent


class Environment:
    """One environment in the sandbox, and what a test asks of it."""

    def __init__(self, aws: Aws, env: str) -> None:
        self.aws = aws
        self.env = env
        self.names = Names("logctl", env)
        self.events: list[StackEvent] = []
        self.bucket = self.names.bucket(aws.place)
        self.deploy_bucket = self.names.deploy_bucket(aws.place)

    def provisioner(self, **settings: Any) -> Provisioner:
        given = {"target": "local", "env": self.env, "region": self.aws.region, **settings}
        return Provisioner(self.aws, Settings.build(("test", given)))

    def provision(self, **settings: Any) -> Plan:
        provisioner = self.provisioner(**settings)
        plan = provisioner.plan()
        if plan.changes:
            provisioner.apply(plan, self.events.append)
        return plan

    def destroy(self, *, delete_data: bool = False, **options: Any) -> Destroyed:
        return self.provisioner().destroy(delete_data=delete_data, on_event=self.events.append, **options)

    def left(self) -> set[str]:
        """Everything in the account that carries this environment's name or tag."""
        aws = self.aws
        iam, rules = (aws.session.client(name, endpoint_url=aws.endpoint_url) for name in ("iam", "events"))
        sources = aws.functions.list_event_source_mappings()["EventSourceMappings"]
        found = [
            *(item["Name"] for item in aws.s3.list_buckets()["Buckets"]),
            *aws.dynamodb.list_tables()["TableNames"],
            *aws.sqs.list_queues().get("QueueUrls", []),
            *(item["TopicArn"] for item in aws.sns.list_topics()["Topics"]),
            *(item["FunctionName"] for item in aws.functions.list_functions()["Functions"]),
            *(item["EventSourceArn"] for item in sources),
            *(item["logGroupName"] for item in aws.logs.describe_log_groups()["logGroups"]),
            *(item["Name"] for item in aws.glue.get_databases()["DatabaseList"]),
            *(item["Name"] for item in aws.athena.list_work_groups()["WorkGroups"]),
            *(item["RoleName"] for item in iam.list_roles()["Roles"]),
            *(item["Name"] for item in rules.list_rules()["Rules"]),
            *(item["StackName"] for item in aws.cloudformation.describe_stacks()["Stacks"]),
        ]
        tagging = aws.session.client("resourcegroupstaggingapi", endpoint_url=aws.endpoint_url)
        pages = tagging.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": "logctl:env", "Values": [self.env]}]
        )
        tagged = {
            re.split("[/:]", item["ResourceARN"])[-1]
            for page in pages
            for item in page["ResourceTagMappingList"]
        }
        return {*tagged, *(name for name in found if self.names.stack in name or self.names.database in name)}
