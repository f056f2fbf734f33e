"""A batch of SQS messages: its order, its deadline, failed attempts, and setting a message aside."""
