"""The command sadm: a study, scans, csv splits or a released checkpoint come in, a run, a plan, an audit or weights go out."""
