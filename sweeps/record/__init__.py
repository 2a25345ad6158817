"""What happened: identities, the journal on disk, MLflow, and frames for the analysis."""
