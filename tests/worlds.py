"""Every check, and the complete world that its test registers."""

import pkgutil
from importlib import import_module

import tests.checks
from scanner import plugins

CHECKS = plugins.checks()
"""Known before the tests are imported: some of those that are ask for them."""

for module in pkgutil.walk_packages(tests.checks.__path__, "tests.checks."):
    import_module(module.name)
