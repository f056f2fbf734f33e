"""What every caller of AWS needs: clients, the meaning of error codes, batches, statements in Athena."""
