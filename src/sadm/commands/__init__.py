"""The console commands: plan a study, audit a published split, convert released weights."""
