"""What a person needs to run a command: the least IAM policy, for one environment.

`commands` says what each command needs, `handlers` what CloudFormation does in the name of who provisions,
and `targets` to what. `scope` says whose resources are meant; `documents` makes policies of it that IAM
takes.
"""
