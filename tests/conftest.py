"""How properties are tried, unless they say otherwise: a machine that is busy proves nothing."""

from hypothesis import HealthCheck, settings

# Over the profile that hypothesis has chosen itself: in CI it draws the same examples each time.
settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")
