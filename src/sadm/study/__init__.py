"""A config comes in, the study that it describes goes out: rows, models, names, runs, what is shown, code fingerprints."""
