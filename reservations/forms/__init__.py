"""Forms: what is typed is checked beside the field, and kept."""
