"""Part of the voice replication pipeline."""
