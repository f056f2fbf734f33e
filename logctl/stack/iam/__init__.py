"""IAM policies: of the functions' roles, and the least that a person needs to run a command.

`policies` has the statements that roles are made of. `command_permissions` lists what each command needs: the
statements are in `data_permissions`, `health_permissions` and `stack_permissions`, and what several of them
need is in `shared_statements`. `handler_permissions` and `targets` describe what CloudFormation does in the
name of who provisions. `scope` turns logical ids into ARNs of one environment, and `documents` makes policies
that IAM accepts.
"""
