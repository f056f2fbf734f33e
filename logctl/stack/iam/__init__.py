"""IAM policies: of the functions' roles, and the least that a person needs to run a command.

`command_permissions` says what each command needs, `handler_permissions` what CloudFormation does in the name
of who provisions, and `targets` to which resources. `scope` says whose resources are meant; `documents`
makes policies of them that IAM accepts.
"""
