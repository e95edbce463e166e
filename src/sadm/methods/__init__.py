"""One file a method: its equations, what it needs, its hyper-parameters, its loss and its anomaly map."""
