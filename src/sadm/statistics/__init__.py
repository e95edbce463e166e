"""From scores to tables: means with intervals, tests, groups, rankings, Table 1."""
