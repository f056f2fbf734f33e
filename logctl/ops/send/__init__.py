"""`logctl send`: read files and streams, make records and messages of them, and send them to the queue."""
