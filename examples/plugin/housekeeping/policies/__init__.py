"""Its policies, one YAML file each."""
