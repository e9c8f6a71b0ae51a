"""Settings for every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Properties are about bytes, not about speed: a busy machine must not fail them. CI judges every change by the same
# examples; at a desk each run looks for new ones.
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CAB_SAME_EXAMPLES" in os.environ,
)
settings.load_profile("patient")
