"""Lists of scans and packed volumes come in, checked sheets, splits by subject, the audit and the DRAEM test set go out."""
