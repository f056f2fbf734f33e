"""The pipeline's data in S3, DynamoDB and Glue: one module for each kind of item."""
