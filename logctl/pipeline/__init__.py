"""What runs in Lambda: handlers and the stores they use. Imports core and boto3 only."""
