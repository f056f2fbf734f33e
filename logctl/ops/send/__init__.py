"""What `logctl send` does: read files and streams, make records and messages, send them to the queue."""
