"""The methods of Table 1, one a file: a batch comes in, a loss goes out; a volume comes in, its anomaly map goes out."""
