"""The methods of Table 1, one a file: networks, a loss, an anomaly map."""
