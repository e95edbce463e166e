"""The command sadm: a study, csv splits or a released checkpoint come in, a plan, an audit or weights go out."""
