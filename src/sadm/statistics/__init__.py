"""Scores come in, tables go out: means with intervals, tests, groups, rankings, Table 1."""
