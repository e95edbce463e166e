"""Who is in the study: checked sheets of scans, subject-disjoint splits, the audit, packed volumes, the DRAEM test set."""
