"""The policies that come with wardround, each a YAML file."""
